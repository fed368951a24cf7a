package main

// This file decides when a command starts that is to run after others of its Pod: at SIGTERM, which a sidecar gets when
// they have ended, however they did. It does not know what the command does.

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// parseDefer reads the arguments after `defer`.
func parseDefer(arguments []string) ([]string, error) {
	if len(arguments) > 0 && arguments[0] == "--" {
		arguments = arguments[1:]
	}
	if len(arguments) == 0 {
		return nil, errors.New("there is no command: write it after --")
	}
	return arguments, nil
}

// deferred waits for SIGTERM and becomes the command, which no further SIGTERM ends. It returns an exit code only where
// that cannot be started: at once where there is no such program.
func deferred(command []string, stderr io.Writer) int {
	path, failure := resolve(command[0])
	if failure == nil {
		fmt.Fprintf(stderr, "%s starts at SIGTERM.\n", path)
		<-termination
		signal.Ignore(syscall.SIGTERM) // exec keeps what is ignored
		failure = explain(path, syscall.Exec(path, command, os.Environ()))
	}
	fmt.Fprintln(stderr, failure.message)
	return failure.code
}
