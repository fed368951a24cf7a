package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestDirectoriesForEveryUserAndForAGroup(t *testing.T) {
	cases := []struct {
		name                string
		who                 access
		above, lead, target os.FileMode
	}{
		{"every user adds beside the others", private, 0o777 | os.ModeSticky, 0o777 | os.ModeSticky, 0o700},
		{"the same, and all of it is of a group", private, 0o777 | os.ModeSticky | os.ModeSetgid, 0o777 | os.ModeSticky | os.ModeSetgid, 0o770 | os.ModeSetgid},
		{"the group owns the volume", private, 0o770 | os.ModeSetgid, 0o770 | os.ModeSetgid, 0o770 | os.ModeSetgid},
		{"an ordinary directory", private, 0o755, 0o755, 0o700},
		{"others read", readable, 0o777 | os.ModeSticky, 0o777 | os.ModeSticky, 0o755},
		{"others read, and all of it is of a group", readable, 0o777 | os.ModeSticky | os.ModeSetgid, 0o777 | os.ModeSticky | os.ModeSetgid, 0o755 | os.ModeSetgid},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			above := filepath.Join(t.TempDir(), "workitems")
			must(t, os.Mkdir(above, 0o700))
			must(t, os.Chmod(above, c.above))
			target := filepath.Join(above, "job", "job-1", "task")
			must(t, makeDirectory(target, c.who))
			must(t, makeDirectory(target, c.who))
			for path, mode := range map[string]os.FileMode{
				filepath.Join(above, "job"): c.lead, filepath.Dir(target): c.lead, target: c.target,
			} {
				info, err := os.Stat(path)
				must(t, err)
				if got := info.Mode() &^ os.ModeDir; got != mode {
					t.Errorf("%s: got %v, want %v", path, got, mode)
				}
			}
		})
	}
}

func TestADirectoryThatIsAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	for _, path := range []string{file, filepath.Join(file, "task")} {
		if err := makeDirectory(path, private); err == nil {
			t.Errorf("%s was accepted", path)
		}
	}
}

func TestADirectoryThatIsThereKeepsItsMode(t *testing.T) {
	path := t.TempDir()
	must(t, os.Chmod(path, 0o751))
	must(t, makeDirectory(path, private))
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o751 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestDirectoriesAreMadeAheadOfARunElsewhere(t *testing.T) {
	root := t.TempDir()
	directory := filepath.Join(root, "task")
	ahead := func(more ...string) string {
		t.Helper()
		arguments := append([]string{"prepare", "--directory", directory, "--working-directory", filepath.Join(directory, "wd")}, more...)
		output, err := exec.Command(launcherProgram, arguments...).CombinedOutput()
		must(t, err)
		return string(output)
	}
	if said := ahead("--owner", "task/uid", "--retention", "60"); said != "" {
		t.Errorf("it said %q", said)
	}
	for path, mode := range map[string]os.FileMode{directory: 0o700, filepath.Join(directory, "wd"): 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
	if _, err := os.Stat(filepath.Join(directory, keepFile)); err != nil {
		t.Errorf("nobody knows whose it is: %v", err)
	}
	must(t, os.RemoveAll(directory))
	must(t, os.WriteFile(directory, nil, 0o600))
	if said := ahead(); !strings.Contains(said, directory) {
		t.Errorf("of a file in its place it said %q", said)
	}
}

func TestNothingIsRunAhead(t *testing.T) {
	if _, err := parsePrepare([]string{"--directory", "d", "--working-directory", "w", "--", "sh"}); err == nil {
		t.Error("a command was accepted")
	}
	if _, err := parsePrepare([]string{"--directory", "d"}); err == nil {
		t.Error("no working directory was accepted")
	}
}
