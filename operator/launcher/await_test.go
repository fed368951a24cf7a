package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// vigil is one `launcher await` for the run called "mine".
type vigil struct {
	*trial
	record string
}

func keepVigil(t *testing.T) *vigil {
	t.Helper()
	root := t.TempDir()
	v := &vigil{&trial{t: t, directory: root, terminationLog: filepath.Join(root, "log"), ended: make(chan struct{})},
		filepath.Join(root, "prep", recordFile)}
	must(t, os.WriteFile(v.terminationLog, nil, 0o666))
	must(t, os.Mkdir(filepath.Dir(v.record), 0o700))
	v.command = exec.Command(launcherProgram, "await", "--record", v.record, "--name", "mine", "--termination-log", v.terminationLog)
	v.command.Stderr = &v.stderr
	return v
}

func (v *vigil) leave(text string) {
	v.t.Helper()
	must(v.t, replaceFile(v.record, strings.NewReader(text), outputMode))
}

func (v *vigil) stillWaits() {
	v.t.Helper()
	select {
	case <-v.ended:
		v.t.Fatalf("it ended with %d: %s", v.command.ProcessState.ExitCode(), v.stderr.String())
	case <-time.After(3 * awaitPeriod):
	}
}

func TestWhatEndsAWait(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, record string
		code         int
		says         string
	}{
		{"success", `{"name":"mine","cause":"Exited","exitCode":0}`, 0, ""},
		{"failure", `{"name":"mine","cause":"Exited","exitCode":3,"message":"The command ended with exit code 3."}`, 1, "The command ended with exit code 3."},
		{"out of time, exit code 0", `{"name":"mine","cause":"WallClock","exitCode":0}`, 1, "WallClock"},
		{"no such command", `{"name":"mine","cause":"CommandNotFound","exitCode":127}`, 1, "CommandNotFound"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v := keepVigil(t)
			v.start()
			v.leave(c.record)
			code := v.wait(10 * time.Second)
			log, err := os.ReadFile(v.terminationLog)
			must(t, err)
			if code != c.code || !strings.Contains(string(log), c.says) || (c.code == 0) != (len(log) == 0) {
				t.Errorf("got %d, %q", code, log)
			}
			if strings.TrimSpace(v.stderr.String()) != string(log) {
				t.Errorf("stderr %q, termination log %q", v.stderr.String(), log)
			}
		})
	}
}

func TestWhatIsNoNewsToAWait(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"another run":      `{"name":"theirs","cause":"Exited","exitCode":0}`,
		"a run of no name": `{"cause":"Exited","exitCode":0}`,
		"told to end":      `{"name":"mine","cause":"Terminated","exitCode":143}`,
		"half a record":    `{"name":"mine","cause":"Exi`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := keepVigil(t)
			v.leave(text)
			v.start()
			v.stillWaits()
			v.leave(`{"name":"mine","cause":"Exited","exitCode":0}`)
			if code := v.wait(10 * time.Second); code != 0 {
				t.Errorf("got %d", code)
			}
		})
	}
}

func TestAWaitEndsAtTERM(t *testing.T) {
	t.Parallel()
	v := keepVigil(t)
	v.start()
	v.stillWaits()
	v.signal(syscall.SIGTERM)
	if code := v.wait(10 * time.Second); code != 143 {
		t.Errorf("got %d", code)
	}
}

func TestAWaitForTheLaunchersOwnRecord(t *testing.T) {
	t.Parallel()
	v := keepVigil(t)
	v.start()
	run := exec.Command(launcherProgram, "run", "--directory", filepath.Dir(v.record), "--working-directory", v.directory,
		"--termination-log", v.terminationLog, "--name", "mine", "--", "true")
	if output, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	if code := v.wait(10 * time.Second); code != 0 {
		t.Errorf("got %d: %s", code, v.stderr.String())
	}
	text, err := os.ReadFile(v.terminationLog)
	must(t, err)
	if decode(t, text).Name != "mine" || !bytes.HasPrefix(text, []byte(`{"name":"mine"`)) {
		t.Errorf("recorded %s", text)
	}
}

func TestTheCommandLineOfAwait(t *testing.T) {
	cases := []struct {
		arguments []string
		fault     string
	}{
		{[]string{"--record", "f", "--name", "n"}, ""},
		{[]string{"--name", "n"}, "--record is missing"},
		{[]string{"--record", "f"}, "--name is missing"},
		{[]string{"--record", "f", "--name", "n", "more"}, `"more" is too much`},
		{[]string{"--patience", "3"}, "patience"},
	}
	for _, c := range cases {
		if _, err := parseAwait(c.arguments); c.fault == "" && err != nil || c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)) {
			t.Errorf("%v: got %v, want %q", c.arguments, err, c.fault)
		}
	}
}
