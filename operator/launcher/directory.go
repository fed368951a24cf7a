package main

// This file decides how the directories of a task are made: whose they are and who may enter. It does not know what is
// written there.

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

const (
	// inheritedBits are what a directory that leads to a task's takes from the one it is made in: where the agent lets every
	// user add (01777), the next user must be able to add beside. Set-group-ID is inherited by the kernel itself.
	inheritedBits = 0o1777
	privateMode   = 0o700
	groupMode     = 0o770 // where the group owns the volume: told by set-group-ID on the parent
)

// makeDirectory makes path unless it is there, and the directories that lead to it.
func makeDirectory(path string) error {
	// mkdir gives the final mode at once: a neighbour that makes the same parents must never find a closed one.
	defer syscall.Umask(syscall.Umask(0))
	return makeMissing(path, true)
}

func makeMissing(path string, private bool) error {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		return nil
	}
	if err == nil {
		return &os.PathError{Op: "mkdir", Path: path, Err: syscall.ENOTDIR}
	}
	if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(path)
	if err := makeMissing(parent, false); err != nil {
		return err
	}
	var status syscall.Stat_t
	if err := syscall.Stat(parent, &status); err != nil {
		return &os.PathError{Op: "stat", Path: parent, Err: err}
	}
	mode := status.Mode & inheritedBits
	if private {
		mode = privateMode
		if status.Mode&syscall.S_ISGID != 0 {
			mode = groupMode
		}
	}
	err = syscall.Mkdir(path, mode)
	if err != nil && !errors.Is(err, syscall.EEXIST) {
		return &os.PathError{Op: "mkdir", Path: path, Err: err}
	}
	return nil
}

// prepare makes both directories, removes the record of an earlier run, and enters the working directory.
func prepare(directory, workingDirectory string) error {
	for _, path := range []string{directory, workingDirectory} {
		if err := makeDirectory(path); err != nil {
			return fmt.Errorf("cannot make %s: %w", path, err)
		}
	}
	if err := os.Remove(filepath.Join(directory, recordFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("cannot write in %s: %w", directory, err)
	}
	if err := os.Chdir(workingDirectory); err != nil {
		return fmt.Errorf("cannot enter %s: %w", workingDirectory, err)
	}
	return nil
}

// nodeDirectoryFailure says why the task's directories cannot be used: the cause, and a sentence for the user.
func nodeDirectoryFailure(err error) (cause, message string) {
	cause, remedy := causeNodeDirectory, "Check that the node directory is mounted and that the task's user may write there."
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		cause, remedy = causeDiskFull, "The node directory is full: shorten retentionSeconds or give the node more space."
	}
	return cause, fmt.Sprintf("The task's directory cannot be used: %v. %s", err, remedy)
}
