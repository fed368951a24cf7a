package main

// This file decides what the command sees of variables that are paths of links: where these lead to when it starts, so
// that a link that is changed meanwhile changes nothing for it.

import (
	"os"
	"path/filepath"
	"strings"
)

// follow replaces the value of each variable whose name begins with the prefix by the path without links. A variable
// whose path leads to nothing is removed.
func follow(prefix string) {
	for _, setting := range os.Environ() {
		name, path, _ := strings.Cut(setting, "=")
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		if target, err := filepath.EvalSymlinks(path); err == nil {
			_ = os.Setenv(name, target)
		} else {
			_ = os.Unsetenv(name)
		}
	}
}
