package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestARunLeavesWhoseItsDirectoryIs(t *testing.T) {
	t.Parallel()
	trial := prepareTrial(t, []string{"--owner", "frame-1/0f3c", "--retention", "60"}, "/bin/sh", "-c", "cat ../keep.json")
	must(t, os.Mkdir(trial.directory, 0o700))
	for _, name := range []string{endedFile, recordFile, keepFile} { // an earlier run's
		must(t, os.WriteFile(filepath.Join(trial.directory, name), []byte("{}"), 0o600))
	}
	if code := trial.start().wait(10 * time.Second); code != 0 {
		t.Fatalf("got %d: %s", code, trial.stderr.String())
	}
	want := `{"owner":"frame-1","uid":"0f3c","retentionSeconds":60}` + "\n"
	if got := trial.stdout.String(); got != want {
		t.Errorf("got %q while it ran, want %q", got, want)
	}
	if trial.file(endedFile) != "" {
		t.Error("what was found of the earlier run's end is still there")
	}
}

func TestWhoseADirectoryIs(t *testing.T) {
	for name, c := range map[string]struct {
		flags []string
		want  keep
		fault string
	}{
		"nobody's":            {nil, keep{}, ""},
		"kept by default":     {[]string{"--owner", "a/b"}, keep{"a", "b", keepAsLong}, ""},
		"kept for a time":     {[]string{"--owner", "a/b", "--retention", "0"}, keep{"a", "b", 0}, ""},
		"without a uid":       {[]string{"--owner", "a/"}, keep{}, "--owner"},
		"without a name":      {[]string{"--owner", "/b"}, keep{}, "--owner"},
		"with too much":       {[]string{"--owner", "a/b/c"}, keep{}, "--owner"},
		"negative retention":  {[]string{"--owner", "a/b", "--retention", "-2"}, keep{}, "--retention -2"},
		"retention for ever":  {[]string{"--owner", "a/b", "--retention", "2147483648"}, keep{}, "--retention 2147483648"},
		"retention in words":  {[]string{"--owner", "a/b", "--retention", "P7D"}, keep{}, "retention"},
		"retention of nobody": {[]string{"--retention", "7"}, keep{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			arguments := append([]string{"--directory", "d", "--working-directory", "w"}, append(c.flags, "--", "true")...)
			got, err := parseRun(arguments)
			if c.fault == "" && (err != nil || got.whose != c.want) {
				t.Errorf("got %+v, %v", got.whose, err)
			}
			if c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)) {
				t.Errorf("got %v, want %q", err, c.fault)
			}
		})
	}
}

// lock opens the directory and tries to have it alone, as whoever deletes it does.
func lock(t *testing.T, path string) (descriptor int, err error) {
	t.Helper()
	descriptor, err = syscall.Open(path, syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
	must(t, err)
	t.Cleanup(func() { _ = syscall.Close(descriptor) })
	return descriptor, syscall.Flock(descriptor, syscall.LOCK_EX|syscall.LOCK_NB)
}

func TestNobodyHasTheDirectoryOfARunForHimself(t *testing.T) {
	t.Parallel()
	trial := launch(t, nil, "/bin/sh", "-c", "echo ready; exec sleep 60")
	trial.await(stdoutFile, contains("ready\n"))
	if _, err := lock(t, trial.directory); err != syscall.EWOULDBLOCK {
		t.Errorf("got %v while it runs", err)
	}
	trial.signal(syscall.SIGTERM)
	trial.wait(10 * time.Second)
	if _, err := lock(t, trial.directory); err != nil {
		t.Errorf("got %v after its end", err)
	}
}

func TestADirectoryThatIsMovedAwayIsMadeAgain(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "task")
	must(t, os.MkdirAll(filepath.Join(directory, "wd"), 0o700))
	held, err := lock(t, directory)
	must(t, err)
	if _, taken, err := tryToOccupy(directory, private); taken || err != nil {
		t.Fatalf("got %v, %v while somebody has it", taken, err)
	}
	moved := directory + ".moved"
	must(t, os.Rename(directory, moved))
	must(t, syscall.Flock(held, syscall.LOCK_UN))
	_, err = occupy(directory, private)
	must(t, err)
	if names, err := os.ReadDir(directory); err != nil || len(names) > 0 {
		t.Errorf("got %v, %v", names, err)
	}
	if isAt(held, directory) || !isAt(held, moved) {
		t.Error("what was moved away is taken for the new one")
	}
}

func TestARunGoesOnWhereSomebodyKeepsItsDirectoryForHimself(t *testing.T) {
	t.Parallel()
	trial := prepareTrial(t, nil, "/bin/true")
	must(t, os.Mkdir(trial.directory, 0o700))
	_, err := lock(t, trial.directory)
	must(t, err)
	if code := trial.start().wait(occupyPatience + 10*time.Second); code != 0 {
		t.Errorf("got %d: %s", code, trial.stderr.String())
	}
}
