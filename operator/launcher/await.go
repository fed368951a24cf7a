package main

// This file decides when the run that a task waits for has come to its end, by the record that it leaves in its directory.
// It does not know who makes that run, nor when.

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"
)

const (
	awaitPeriod = 200 * time.Millisecond
	awaitFailed = 1
)

// awaiting is the parsed command line of `launcher await`.
type awaiting struct {
	record         string // the file
	name           string // of the run
	terminationLog string
}

// parseAwait reads the arguments after `await`. Its errors name the flag and what is wrong with it.
func parseAwait(arguments []string) (awaiting, error) {
	var w awaiting
	flags := flag.NewFlagSet("await", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&w.record, "record", "", "")
	flags.StringVar(&w.name, "name", "", "")
	flags.StringVar(&w.terminationLog, "termination-log", defaultTerminationLog, "")
	if err := flags.Parse(arguments); err != nil {
		return w, err
	}
	switch {
	case w.record == "":
		return w, errors.New("--record is missing: name the file in which the run leaves its record")
	case w.name == "":
		return w, errors.New("--name is missing: name the run to wait for")
	case flags.NArg() > 0:
		return w, fmt.Errorf("%q is too much: it takes no arguments", flags.Arg(0))
	}
	return w, nil
}

// await waits for the end of the run, or for SIGTERM, and returns the exit code of the program.
func (w awaiting) await(stderr io.Writer) int {
	look := time.NewTicker(awaitPeriod)
	defer look.Stop()
	for {
		if text, err := os.ReadFile(w.record); err == nil {
			if ended, failure := w.judge(text); ended {
				return w.tell(failure, stderr)
			}
		}
		select {
		case <-termination:
			return codeSignal + int(syscall.SIGTERM)
		case <-look.C:
		}
	}
}

// judge says whether a record is the end of the run, and how that failed: "" for success.
func (w awaiting) judge(text []byte) (ended bool, failure string) {
	var found record
	if json.Unmarshal(text, &found) != nil || found.Name != w.name || found.Cause == causeTerminated {
		return false, ""
	}
	if found.Cause == causeExited && found.ExitCode == 0 {
		return true, ""
	}
	if found.Message != "" {
		return true, found.Message
	}
	return true, fmt.Sprintf("It ended as %s, with exit code %d.", found.Cause, found.ExitCode)
}

// tell leaves the reason of a failure where the kubelet and whoever reads the log find it.
func (w awaiting) tell(failure string, stderr io.Writer) int {
	if failure == "" {
		return 0
	}
	fmt.Fprintln(stderr, failure)
	if log, err := os.OpenFile(w.terminationLog, os.O_WRONLY|os.O_TRUNC, 0); err == nil {
		_, _ = io.WriteString(log, failure)
		_ = log.Close()
	}
	return awaitFailed
}
