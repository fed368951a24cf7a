package main

// This file decides how a program comes to work in a task's directories before the task does: they are made as for the
// task itself, and the program takes the launcher's place in them. It does not know what the program does.

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// preparing is the parsed command line of `launcher prepare`.
type preparing struct {
	directory        string
	workingDirectory string
	reportOnly       bool
	readable         bool
	whose            keep
	terminationLog   string
	command          []string
}

// parsePrepare reads the arguments after `prepare`. Its errors name the flag and what is wrong with it.
func parsePrepare(arguments []string) (preparing, error) {
	var p preparing
	flags := flag.NewFlagSet("prepare", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&p.directory, "directory", "", "")
	flags.StringVar(&p.workingDirectory, "working-directory", "", "")
	flags.BoolVar(&p.reportOnly, "report-only", false, "")
	flags.BoolVar(&p.readable, "readable", false, "")
	whose := keepFlags(flags)
	flags.StringVar(&p.terminationLog, "termination-log", defaultTerminationLog, "")
	if err := flags.Parse(arguments); err != nil {
		return p, err
	}
	p.command = flags.Args()
	switch {
	case p.directory == "":
		return p, errors.New("--directory is missing: name the task directory")
	case p.workingDirectory == "":
		return p, errors.New("--working-directory is missing: name the directory in which the command starts")
	case len(p.command) == 0:
		return p, errors.New("there is no command: write it after --")
	}
	var err error
	p.whose, err = whose()
	return p, err
}

// prepare makes the directories and becomes the command, which holds the first of them on as a run does. It returns an
// exit code only where one of the two fails.
func (p preparing) prepare(stderr io.Writer) int {
	who := private
	if p.readable {
		who = readable
	}
	syscall.Umask(who.umask)
	var held int
	directory, err := filepath.Abs(p.directory)
	if err == nil {
		held, err = prepare("", directory, p.workingDirectory, who, p.whose)
	}
	if err == nil {
		err = pass(held)
	}
	failure := &startFailure{code: codeNodeDirectory}
	if err != nil {
		failure.cause, failure.message = nodeDirectoryFailure(err)
	} else if path, missing := resolve(p.command[0]); missing != nil {
		failure = missing
	} else {
		failure = explain(path, syscall.Exec(path, p.command, os.Environ()))
	}
	fmt.Fprintln(stderr, failure.message)
	record{Cause: failure.cause, ExitCode: failure.code, Message: failure.message}.tell(p.terminationLog)
	if p.reportOnly {
		return 0
	}
	return failure.code
}
