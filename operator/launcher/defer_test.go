package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func deferTrial(t *testing.T, command ...string) *trial {
	t.Helper()
	r := &trial{t: t, directory: t.TempDir(), ended: make(chan struct{})}
	r.command = exec.Command(launcherProgram, append([]string{"defer", "--"}, command...)...)
	r.command.Dir = r.directory
	r.command.Stdout, r.command.Stderr = &r.stdout, &r.stderr
	return r
}

// startDeferred starts it and returns when it waits.
func startDeferred(t *testing.T, command ...string) *trial {
	t.Helper()
	r := deferTrial(t, command...)
	waits := filepath.Join(r.directory, "stderr")
	log, err := os.Create(waits)
	must(t, err)
	r.command.Stderr = log
	r.start()
	must(t, log.Close())
	r.await("stderr", contains("starts at SIGTERM"))
	return r
}

func TestADeferredCommandStartsAtTermination(t *testing.T) {
	t.Parallel()
	trial := startDeferred(t, "/bin/sh", "-c", `echo "$0"; exit 3`, "told")
	select {
	case <-trial.ended:
		t.Fatal("it did not wait")
	case <-time.After(300 * time.Millisecond):
	}
	trial.signal(syscall.SIGTERM)
	if code := trial.wait(10 * time.Second); code != 3 || trial.stdout.String() != "told\n" {
		t.Errorf("got %d, %q, %q", code, trial.stdout.String(), trial.file("stderr"))
	}
}

func TestADeferredCommandIgnoresFurtherTermination(t *testing.T) {
	t.Parallel()
	trial := startDeferred(t, "/bin/sh", "-c", "echo up >&2; until test -e end; do sleep 0.01; done; grep SigBlk /proc/self/status")
	trial.signal(syscall.SIGTERM)
	trial.await("stderr", contains("up\n"))
	trial.signal(syscall.SIGTERM)
	must(t, os.WriteFile(filepath.Join(trial.directory, "end"), nil, 0o600))
	if code := trial.wait(10 * time.Second); code != 0 || trial.stdout.String() != "SigBlk:\t0000000000000000\n" {
		t.Errorf("got %d, %q, %q", code, trial.stdout.String(), trial.file("stderr"))
	}
}

func TestADeferredCommandThatIsNotThereIsToldAtOnce(t *testing.T) {
	t.Parallel()
	trial := deferTrial(t, "no-such-program").start()
	if code := trial.wait(10 * time.Second); code != codeCommandNotFound || !strings.Contains(trial.stderr.String(), "no-such-program") {
		t.Errorf("got %d, %q", code, trial.stderr.String())
	}
}
