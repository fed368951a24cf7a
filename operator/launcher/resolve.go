package main

// This file decides which program a command means, and how a failure to start one is told. It starts nothing.

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// defaultPath is searched where the image sets no PATH.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// startFailure is a command that could not be started: which cause, which exit code, and a sentence for the user.
type startFailure struct {
	cause   string
	code    int
	message string
}

func notFound(format string, arguments ...any) *startFailure {
	return &startFailure{causeCommandNotFound, codeCommandNotFound, fmt.Sprintf(format, arguments...)}
}

func notExecutable(format string, arguments ...any) *startFailure {
	return &startFailure{causeNotExecutable, codeNotExecutable, fmt.Sprintf(format, arguments...)}
}

// resolve finds the program that name means: a path if it has a slash (relative to the current directory), else the
// first executable of that name in PATH, whose empty elements are the current directory.
func resolve(name string) (string, *startFailure) {
	if name == "" {
		return "", notFound("The command is an empty string. Name a program in commandLine.")
	}
	if strings.Contains(name, "/") {
		return name, check(name)
	}
	path, set := os.LookupEnv("PATH")
	if !set || path == "" {
		path = defaultPath
	}
	var refused *startFailure
	for _, directory := range strings.Split(path, ":") {
		if directory == "" {
			directory = "."
		}
		candidate := directory + "/" + name
		failure := check(candidate)
		if failure == nil {
			return candidate, nil
		}
		if refused == nil && failure.cause == causeNotExecutable {
			refused = failure
		}
	}
	if refused != nil {
		return "", refused
	}
	return "", notFound("The command %q was not found in PATH (%s) of the image. Check its spelling and that the image has it; "+
		"a shell's own words (cd, &&, |) need a shell: /bin/sh -c '…'.", name, path)
}

// check says why path cannot be executed, or nil.
func check(path string) *startFailure {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, syscall.EACCES):
		return notExecutable("The command %s cannot be reached: the task's user may not search a directory on its path.", path)
	case err != nil:
		return notFound("The command %s does not exist in the image or the task's directory.", path)
	case info.IsDir():
		return notExecutable("The command %s is a directory. Name a program in it.", path)
	case syscall.Access(path, 1) != nil:
		return notExecutable("The command %s may not be executed by the task's user. Make it executable (chmod +x), "+
			"or start it through its interpreter.", path)
	}
	return nil
}

// explain translates the error that starting path gave.
func explain(path string, err error) *startFailure {
	switch {
	case errors.Is(err, syscall.ENOENT):
		return notExecutable("The command %s exists, but the interpreter it needs (its #! line, or the dynamic loader of a "+
			"program built for another image) does not. Use an image that has it.", path)
	case errors.Is(err, syscall.ENOEXEC):
		return notExecutable("The command %s is no program for this machine: it is built for another processor, or is a "+
			"script without a #! line.", path)
	case errors.Is(err, syscall.EACCES):
		return notExecutable("The command %s may not be executed: it, its interpreter, or its file system forbids it.", path)
	case errors.Is(err, syscall.E2BIG):
		return notExecutable("The command %s was not started: its arguments and environment are too long.", path)
	}
	return notExecutable("The command %s could not be started: %v.", path, err)
}
