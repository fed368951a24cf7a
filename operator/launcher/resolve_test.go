package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestWhichProgramRuns(t *testing.T) {
	t.Parallel()
	first, second := t.TempDir(), t.TempDir()
	script := "#!/bin/sh\necho \"$0\"\n"
	must(t, os.WriteFile(first+"/tool", []byte(script), 0o644))
	must(t, os.WriteFile(first+"/locked", []byte(script), 0o644))
	writeProgram(t, second+"/tool", []byte(script))
	writeProgram(t, second+"/broken", []byte("#!/no/such/interpreter\n"))
	writeProgram(t, second+"/binary", []byte("\x7fELF of nobody"))
	must(t, os.Mkdir(first+"/folder", 0o755))
	path := "PATH=" + first + ":" + second
	cases := []struct {
		name, environment, command string
		cause                      string
		code                       int
		says                       string // in stdout, or in the message of a failure
	}{
		{"found behind one that may not run", path, "tool", causeExited, 0, second + "/tool"},
		{"absolute", path, second + "/tool", causeExited, 0, second + "/tool"},
		{"no PATH", "NOTHING=1", "true", causeExited, 0, ""},
		{"empty PATH", "PATH=", "true", causeExited, 0, ""},
		{"relative to the working directory", path, "../own", causeExited, 0, "../own"},
		{"empty element of PATH", "PATH=:/nowhere", "here", causeExited, 0, "./here"},
		{"not in PATH", path, "missing", causeCommandNotFound, 127, `"missing" was not found in PATH`},
		{"not there", path, "./missing", causeCommandNotFound, 127, "does not exist"},
		{"below a file", path, first + "/tool/x", causeCommandNotFound, 127, "does not exist"},
		{"empty", path, "", causeCommandNotFound, 127, "empty string"},
		{"may not run", path, "locked", causeNotExecutable, 126, "chmod +x"},
		{"a directory", path, first + "/folder", causeNotExecutable, 126, "is a directory"},
		{"a directory in PATH", path, "folder", causeNotExecutable, 126, "is a directory"},
		{"no interpreter", path, "broken", causeNotExecutable, 126, "interpreter"},
		{"no program", path, "binary", causeNotExecutable, 126, "no program for this machine"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			trial := prepareTrial(t, []string{"--retries", "5"}, c.command)
			must(t, os.MkdirAll(filepath.Join(trial.directory, "wd"), 0o755))
			writeProgram(t, trial.directory+"/own", []byte(script))
			writeProgram(t, trial.directory+"/wd/here", []byte(script))
			trial.command.Env = []string{c.environment}
			code := trial.start().wait(20 * time.Second)
			got := trial.record()
			if code != c.code || got.Cause != c.cause || got.ExitCode != c.code || got.Retries != 0 {
				t.Errorf("got %d, %+v; %s", code, got, trial.stderr.String())
			}
			told := got.Message
			if c.code == 0 {
				told = trial.file("stdout.txt")
			} else if trial.file("stderr.txt") != got.Message+"\n" || trial.stderr.String() != got.Message+"\n" {
				t.Errorf("stderr.txt %q, log %q", trial.file("stderr.txt"), trial.stderr.String())
			}
			if !strings.Contains(told, c.says) {
				t.Errorf("%q does not say %q", told, c.says)
			}
		})
	}
}

func TestWhatStartingSaid(t *testing.T) {
	for err, says := range map[error]string{
		syscall.E2BIG: "too long", syscall.EACCES: "forbids", syscall.EAGAIN: "temporarily",
	} {
		if failure := explain("tool", err); failure.cause != causeNotExecutable || !strings.Contains(failure.message, says) {
			t.Errorf("%v: %+v", err, failure)
		}
	}
}
