package main

import (
	"os"
	"path/filepath"
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
