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

// inheritedBits are what a directory that leads to a task's takes from the one it is made in: where the agent lets every
// user add (01777), the next user must be able to add beside. Set-group-ID is inherited by the kernel itself.
const inheritedBits = 0o1777

// access says who else may use what the task makes: the directories of the task itself, and its umask.
type access struct {
	own   uint32 // mode of the task's directories
	group uint32 // the same where set-group-ID on the parent gives them the agent's group
	umask int
}

var (
	// Nobody else comes in, but the agent by its group, so the umask need not keep anybody out: the agent must be able to
	// delete, and what a task leaves in the directory that all share is for the others too.
	private = access{own: 0o700, group: 0o770, umask: 0o002}
	// Other users read, and change nothing.
	readable = access{own: 0o755, group: 0o755, umask: 0o022}
)

// makeDirectory makes path unless it is there, and the directories that lead to it.
func makeDirectory(path string, who access) error {
	// mkdir gives the final mode at once: a neighbour that makes the same parents must never find a closed one.
	defer syscall.Umask(syscall.Umask(0))
	return makeMissing(path, &who)
}

// makeMissing makes path and what leads to it. nil is for the latter.
func makeMissing(path string, who *access) error {
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
	if err := makeMissing(parent, nil); err != nil {
		return err
	}
	var status syscall.Stat_t
	if err := syscall.Stat(parent, &status); err != nil {
		return &os.PathError{Op: "stat", Path: parent, Err: err}
	}
	mode := status.Mode & inheritedBits
	if who != nil {
		mode = who.own
		if status.Mode&syscall.S_ISGID != 0 {
			mode = who.group
		}
	}
	err = syscall.Mkdir(path, mode)
	if err != nil && !errors.Is(err, syscall.EEXIST) {
		return &os.PathError{Op: "mkdir", Path: path, Err: err}
	}
	return nil
}

// prepare makes the directories, of which all but the last must be the user's own, removes what an earlier run wrote of itself, and enters the working directory.
// Whose they are from now on is written when no more of that is left, and before anything else is. shared is around
// directory, or the same, or "". It returns the descriptor that holds the outermost.
func prepare(shared, directory, workingDirectory string, who access, whose keep) (int, error) {
	if shared == "" {
		shared = directory
	}
	held, err := occupy(shared, who)
	if err != nil {
		return held, fmt.Errorf("cannot make %s: %w", shared, err)
	}
	if err := cleanUp(shared); err != nil {
		return held, err
	}
	if whose != (keep{}) {
		if err := whose.save(shared); err != nil {
			return held, fmt.Errorf("cannot write %s: %w", filepath.Join(shared, keepFile), err)
		}
	}
	if shared != directory {
		if err := makeDirectory(directory, who); err != nil {
			return held, fmt.Errorf("cannot make %s: %w", directory, err)
		}
		if err := cleanUp(directory); err != nil {
			return held, err
		}
	}
	if err := makeDirectory(workingDirectory, who); err != nil {
		return held, fmt.Errorf("cannot make %s: %w", workingDirectory, err)
	}
	if err := os.Chdir(workingDirectory); err != nil {
		return held, fmt.Errorf("cannot enter %s: %w", workingDirectory, err)
	}
	return held, nil
}

// cleanUp removes what an earlier run wrote of itself into a directory, which must be the user's own.
func cleanUp(directory string) error {
	if err := checkOwner(directory); err != nil {
		return err
	}
	// Made anew rather than emptied: they may be an earlier user's, or links that somebody has put there.
	for _, name := range []string{recordFile, endedFile, stdoutFile, stderrFile} {
		if err := syscall.Unlink(filepath.Join(directory, name)); err != nil && err != syscall.ENOENT {
			return fmt.Errorf("cannot write %s: %w", filepath.Join(directory, name), err)
		}
	}
	return nil
}

// checkOwner refuses a directory that another user has made in the task's place: it would be read, or lead elsewhere.
func checkOwner(directory string) error {
	var status syscall.Stat_t
	if err := syscall.Lstat(directory, &status); err != nil {
		return &os.PathError{Op: "stat", Path: directory, Err: err}
	}
	if own := os.Geteuid(); status.Uid != uint32(own) {
		return fmt.Errorf("%s belongs to user %d and this task runs as user %d: use an id that no earlier task had", directory, status.Uid, own)
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
