package main

// This file decides how a run takes a directory for its own, so that it is not deleted while it runs, and what it leaves
// there for whoever deletes it one day: whose it is and how long it is kept. It does not know who that is, nor when.

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	keepFile  = "keep.json"
	endedFile = "ended.json" // when the agent first found that the run had ended
	// keepAsLong is the retention of what is kept until somebody asks for its deletion.
	keepAsLong   = -1
	noDescriptor = -1
)

// Whoever deletes a directory holds it for himself for a moment. Longer than that nobody of ours does, so a run goes on.
const (
	occupyPatience = 2 * time.Second
	occupyPeriod   = 10 * time.Millisecond
)

// keep says whose a directory is and how long it is to be kept after the run's end.
type keep struct {
	Owner            string `json:"owner"` // name and uid of the object
	UID              string `json:"uid"`
	RetentionSeconds int    `json:"retentionSeconds"`
}

// keepFlags adds the flags that say whose a directory is; the function it returns reads them once they are parsed.
func keepFlags(flags *flag.FlagSet) func() (keep, error) {
	owner := flags.String("owner", "", "")
	retention := flags.Int("retention", keepAsLong, "")
	return func() (keep, error) {
		if *retention < keepAsLong || *retention > maxSeconds {
			return keep{}, fmt.Errorf("--retention %d: give seconds from 0 to %d, or -1 for as long as its owner is there", *retention, maxSeconds)
		}
		if *owner == "" {
			return keep{}, nil
		}
		whose, err := parseOwner(*owner)
		whose.RetentionSeconds = *retention
		return whose, err
	}
}

// parseOwner reads NAME/UID.
func parseOwner(text string) (keep, error) {
	name, uid, found := strings.Cut(text, "/")
	if !found || name == "" || uid == "" || strings.Contains(uid, "/") {
		return keep{}, fmt.Errorf("--owner %q: write NAME/UID", text)
	}
	return keep{Owner: name, UID: uid}, nil
}

// save writes it into the directory.
func (k keep) save(directory string) error {
	text, err := json.Marshal(k)
	if err != nil {
		panic(err) // strings and integers always encode
	}
	return replaceFile(filepath.Join(directory, keepFile), bytes.NewReader(append(text, '\n')), outputMode)
}

// occupy makes the directory unless it is there, and shares it until this process ends: nobody who wants it for himself
// gets it meanwhile. What was deleted between two steps is made again. It returns the descriptor that holds it, which
// exec closes; noDescriptor where there is none.
func occupy(directory string, who access) (int, error) {
	until := time.Now().Add(occupyPatience)
	for {
		descriptor, taken, err := tryToOccupy(directory, who)
		if taken || (err != nil && !errors.Is(err, fs.ErrNotExist)) || time.Now().After(until) {
			return descriptor, err
		}
		time.Sleep(occupyPeriod)
	}
}

// tryToOccupy reports whether the directory of that name is ours now, or its file system has no locks.
func tryToOccupy(directory string, who access) (int, bool, error) {
	if err := makeDirectory(directory, who); err != nil {
		return noDescriptor, false, err
	}
	flags := syscall.O_RDONLY | syscall.O_DIRECTORY | syscall.O_NOFOLLOW | syscall.O_CLOEXEC
	descriptor, err := syscall.Open(directory, flags, 0)
	if err == syscall.EACCES {
		return noDescriptor, true, checkOwner(directory) // another user's, which says it better
	}
	if err != nil {
		return noDescriptor, false, &fs.PathError{Op: "open", Path: directory, Err: err}
	}
	err = syscall.Flock(descriptor, syscall.LOCK_SH|syscall.LOCK_NB)
	if err == nil && !isAt(descriptor, directory) {
		err = syscall.EWOULDBLOCK // it was moved away before it was ours
	}
	if err == syscall.EWOULDBLOCK {
		return noDescriptor, false, syscall.Close(descriptor)
	}
	return descriptor, true, nil
}

// pass lets a held directory be held on by the program that this process becomes.
func pass(descriptor int) error {
	if descriptor == noDescriptor {
		return nil
	}
	if _, _, err := syscall.Syscall(syscall.SYS_FCNTL, uintptr(descriptor), syscall.F_SETFD, 0); err != 0 {
		return err
	}
	return nil
}

// isAt says whether the open directory is the one of that name.
func isAt(descriptor int, path string) bool {
	var held, named syscall.Stat_t
	if syscall.Fstat(descriptor, &held) != nil || syscall.Lstat(path, &named) != nil {
		return false
	}
	return held.Dev == named.Dev && held.Ino == named.Ino
}
