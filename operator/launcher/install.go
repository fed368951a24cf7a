package main

// This file decides how files are put in place whole: `launcher install`, and the replacement of a file by a new one.
// It does not know what is in them.

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

const (
	programMode   = 0o755
	directoryMode = 0o755
)

// install copies the running program to path, readable and executable by all. A reader sees the old file or the new
// one, never a part. A file that is already the same is left alone.
func install(path string) error {
	program, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return fmt.Errorf("cannot read the launcher itself: %w", err)
	}
	if info, err := os.Stat(path); err == nil {
		if info.IsDir() {
			return fmt.Errorf("%s is a directory: name the file to write", path)
		}
		present, err := os.ReadFile(path)
		if err == nil && bytes.Equal(present, program) && info.Mode().Perm() == programMode {
			return nil
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), directoryMode); err != nil {
		return fmt.Errorf("cannot make the directory of %s: %w", path, err)
	}
	if err := replaceFile(path, bytes.NewReader(program), programMode); err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	return nil
}

// replaceFile writes content to a neighbour of path and renames it, so that path is never seen half written.
func replaceFile(path string, content io.Reader, mode os.FileMode) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	if err == nil {
		err = file.Chmod(mode)
	}
	if err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return err
}
