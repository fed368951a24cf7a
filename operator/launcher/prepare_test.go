package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

func prepareTrialOf(t *testing.T, flags []string, command ...string) *trial {
	t.Helper()
	r := &trial{t: t, directory: filepath.Join(t.TempDir(), "job", "task"), ended: make(chan struct{})}
	r.terminationLog = filepath.Join(t.TempDir(), "log")
	must(t, os.WriteFile(r.terminationLog, nil, 0o600))
	words := []string{"prepare", "--directory", r.directory, "--working-directory", filepath.Join(r.directory, "wd")}
	words = append(append(words, "--termination-log", r.terminationLog), flags...)
	r.command = exec.Command(launcherProgram, append(append(words, "--"), command...)...)
	r.command.Stdout, r.command.Stderr = &r.stdout, &r.stderr
	return r
}

func told(t *testing.T, path string) (found record) {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	must(t, json.Unmarshal(text, &found))
	return found
}

func TestAProgramWorksInTheTasksDirectories(t *testing.T) {
	t.Parallel()
	for umask, flags := range map[string][]string{"0002\n": nil, "0022\n": {"--readable"}} {
		trial := prepareTrialOf(t, flags, "/bin/sh", "-c", "umask; echo x >file; exit 7")
		trial.start()
		if code := trial.wait(10 * time.Second); code != 7 || trial.stdout.String() != umask {
			t.Errorf("got %d, %q, %q", code, trial.stdout.String(), trial.stderr.String())
		}
		if trial.file("wd/file") != "x\n" {
			t.Error("it did not start in the working directory")
		}
	}
}

func TestAnEarlierRunsRecordIsGone(t *testing.T) {
	t.Parallel()
	trial := prepareTrialOf(t, nil, "/bin/sh", "-c", "cat ../exit.json ../stdout.txt 2>/dev/null; true")
	must(t, os.MkdirAll(trial.directory, 0o700))
	for _, name := range []string{recordFile, stdoutFile} {
		must(t, os.WriteFile(filepath.Join(trial.directory, name), []byte("old"), 0o600))
	}
	trial.start()
	if code := trial.wait(10 * time.Second); code != 0 || trial.stdout.String() != "" {
		t.Errorf("got %d, %q", code, trial.stdout.String())
	}
}

func TestDirectoriesThatCannotBeMadeAreTold(t *testing.T) {
	t.Parallel()
	for code, flags := range map[int][]string{codeNodeDirectory: nil, 0: {"--report-only"}} {
		trial := prepareTrialOf(t, flags, "/bin/true")
		must(t, os.WriteFile(filepath.Dir(trial.directory), nil, 0o600))
		trial.start()
		if got := trial.wait(10 * time.Second); got != code {
			t.Errorf("got %d, want %d", got, code)
		}
		if found := told(t, trial.terminationLog); found.Cause != causeNodeDirectory || found.Message == "" {
			t.Errorf("got %+v", found)
		}
	}
}

func TestAProgramToPrepareWithIsMissing(t *testing.T) {
	t.Parallel()
	trial := prepareTrialOf(t, nil, "no-such-program")
	trial.start()
	if code := trial.wait(10 * time.Second); code != codeCommandNotFound {
		t.Errorf("got %d", code)
	}
	if found := told(t, trial.terminationLog); found.Cause != causeCommandNotFound {
		t.Errorf("got %+v", found)
	}
}

func TestACommandIsWithheldWhereAFileSaysSo(t *testing.T) {
	t.Parallel()
	why := filepath.Join(t.TempDir(), "failed.txt")
	runs := launch(t, []string{"--unless", why}, "/bin/echo", "ran")
	if code := runs.wait(10 * time.Second); code != 0 || runs.stdout.String() != "ran\n" {
		t.Errorf("got %d, %q", code, runs.stdout.String())
	}
	must(t, os.WriteFile(why, []byte("a file is missing\n"), 0o600))
	withheld := launch(t, []string{"--unless", why, "--retries", "3"}, "/bin/echo", "ran")
	if code := withheld.wait(10 * time.Second); code != codeWithheld || withheld.stdout.String() != "" {
		t.Errorf("got %d, %q", code, withheld.stdout.String())
	}
	if found := told(t, withheld.terminationLog); found.Cause != causeWithheld || found.Message != "a file is missing" {
		t.Errorf("got %+v", found)
	}
}

func TestAProgramHoldsTheTasksDirectory(t *testing.T) {
	t.Parallel()
	trial := prepareTrialOf(t, []string{"--owner", "frame/uid", "--retention", "60"}, "/bin/sh", "-c", "echo up; exec sleep 60")
	trial.start()
	defer trial.signal(syscall.SIGKILL)
	deadline := time.Now().Add(10 * time.Second)
	for contains(`"owner":"frame"`)(trial.file("keep.json")) == false && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	if text := trial.file("keep.json"); text != `{"owner":"frame","uid":"uid","retentionSeconds":60}`+"\n" {
		t.Fatalf("got %q", text)
	}
	descriptor, err := syscall.Open(trial.directory, syscall.O_RDONLY|syscall.O_DIRECTORY, 0)
	must(t, err)
	defer syscall.Close(descriptor)
	comm := filepath.Join("/proc", strconv.Itoa(trial.command.Process.Pid), "comm")
	for name, _ := os.ReadFile(comm); string(name) != "sleep\n" && time.Now().Before(deadline); name, _ = os.ReadFile(comm) {
		time.Sleep(time.Millisecond)
	}
	if err := syscall.Flock(descriptor, syscall.LOCK_EX|syscall.LOCK_NB); err != syscall.EWOULDBLOCK {
		t.Errorf("others can have it while the program runs: %v", err)
	}
}
