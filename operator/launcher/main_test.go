package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The launcher and the child, as built for an image. LAUNCHER_TEST_BUILD_FLAGS adds flags (-race) to the launcher's build.
var launcherProgram, childProgram string

func TestMain(m *testing.M) {
	directory, err := os.MkdirTemp("", "launcher")
	if err != nil {
		panic(err)
	}
	if err := os.Chmod(directory, 0o755); err != nil {
		panic(err)
	}
	launcherProgram, childProgram = filepath.Join(directory, "launcher"), filepath.Join(directory, "child")
	extra := strings.Fields(os.Getenv("LAUNCHER_TEST_BUILD_FLAGS"))
	build(launcherProgram, ".", extra...)
	build(childProgram, "./testdata/child")
	code := m.Run()
	_ = os.RemoveAll(directory)
	os.Exit(code)
}

func build(target, source string, flags ...string) {
	arguments := append([]string{"build", "-trimpath", "-ldflags", "-s -w -X main.version=1.2.3", "-o", target}, flags...)
	command := exec.Command("go", append(arguments, source)...)
	command.Env = os.Environ()
	if len(flags) == 0 {
		command.Env = append(command.Env, "CGO_ENABLED=0")
	}
	if output, err := command.CombinedOutput(); err != nil {
		panic(fmt.Sprintf("%v: %s", err, output))
	}
}

// trial is one run of the launcher in a directory of its own.
type trial struct {
	t              *testing.T
	directory      string
	terminationLog string
	command        *exec.Cmd
	stdout, stderr bytes.Buffer
	ended          chan struct{}
}

// prepareTrial makes a trial that the caller may change before start.
func prepareTrial(t *testing.T, flags []string, command ...string) *trial {
	t.Helper()
	root := t.TempDir()
	r := &trial{t: t, directory: filepath.Join(root, "task"), terminationLog: filepath.Join(root, "log"), ended: make(chan struct{})}
	must(t, os.WriteFile(r.terminationLog, nil, 0o666))
	arguments := append([]string{"run", "--directory", r.directory, "--working-directory", filepath.Join(r.directory, "wd"),
		"--termination-log", r.terminationLog}, flags...)
	r.command = exec.Command(launcherProgram, append(append(arguments, "--"), command...)...)
	r.command.Stdout, r.command.Stderr = &r.stdout, &r.stderr
	return r
}

func (r *trial) start() *trial {
	r.t.Helper()
	must(r.t, r.command.Start())
	go func() { _ = r.command.Wait(); close(r.ended) }()
	r.t.Cleanup(func() { _ = r.command.Process.Kill(); <-r.ended })
	return r
}

func launch(t *testing.T, flags []string, command ...string) *trial {
	t.Helper()
	return prepareTrial(t, flags, command...).start()
}

// wait waits for the launcher's end, for at most limit, and returns its exit code: -1 if a signal killed it.
func (r *trial) wait(limit time.Duration) int {
	r.t.Helper()
	select {
	case <-r.ended:
	case <-time.After(limit):
		r.t.Fatalf("the launcher has not ended within %v", limit)
	}
	return r.command.ProcessState.ExitCode()
}

func (r *trial) signal(number syscall.Signal) { _ = r.command.Process.Signal(number) }

// file returns the content of a file in the task directory, empty if it is not there.
func (r *trial) file(name string) string {
	content, err := os.ReadFile(filepath.Join(r.directory, name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		r.t.Error(err)
	}
	return string(content)
}

// await waits until the named file in the task directory satisfies the condition.
func (r *trial) await(name string, condition func(string) bool) {
	r.t.Helper()
	eventually(r.t, func() bool { return condition(r.file(name)) }, func() string { return r.file(name) })
}

func eventually(t *testing.T, condition func() bool, seen func() string) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !condition(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("this did not come in 10 s; seen: %q", seen())
		}
	}
}

func contains(part string) func(string) bool {
	return func(text string) bool { return strings.Contains(text, part) }
}

// record reads the termination log, and checks that exit.json says the same.
func (r *trial) record() record {
	r.t.Helper()
	text, err := os.ReadFile(r.terminationLog)
	must(r.t, err)
	if inDirectory := strings.TrimSuffix(r.file(recordFile), "\n"); inDirectory != string(text) {
		r.t.Errorf("exit.json %q differs from the termination log %q", inDirectory, text)
	}
	return decode(r.t, text)
}

func decode(t *testing.T, text []byte) record {
	t.Helper()
	var result record
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&result); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	return result
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheCommandLine(t *testing.T) {
	needed := []string{"--directory", "d", "--working-directory", "w"}
	cases := []struct {
		name      string
		arguments []string
		fault     string // "" where it is accepted
	}{
		{"least", append(needed, "--", "true"), ""},
		{"all", append(needed, "--wall-clock", "3", "--grace", "0", "--retries", "-1", "--report-only", "--", "true", "--x"), ""},
		{"no directory", []string{"--working-directory", "w", "--", "true"}, "--directory is missing"},
		{"no working directory", []string{"--directory", "d", "--", "true"}, "--working-directory is missing"},
		{"no command", append(needed, "--"), "no command"},
		{"negative limit", append(needed, "--wall-clock", "-1", "--", "true"), "--wall-clock -1"},
		{"endless limit", append(needed, "--wall-clock", "9999999999", "--", "true"), "--wall-clock 9999999999"},
		{"negative grace", append(needed, "--grace", "-1", "--", "true"), "--grace -1"},
		{"wrong retries", append(needed, "--retries", "-2", "--", "true"), "--retries -2"},
		{"no number", append(needed, "--retries", "x", "--", "true"), "retries"},
		{"instance of no group", append(needed, "--rendezvous", "a:1", "--", "true"), "--instance 0 of --instances 0"},
		{"instance too many", append(needed, "--rendezvous", "a:1", "--instance", "2", "--instances", "2", "--", "true"), "--instance 2"},
		{"no coordination", append(needed, "--rendezvous", "a:1", "--instances", "2", "--", "true"), "--coordination is missing"},
		{"no token", append(needed, "--rendezvous", "a:1", "--instances", "2", "--coordination", "true", "--", "true"), tokenVariable},
		{"unknown flag", append(needed, "--shell", "--", "true"), "shell"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := parseRun(c.arguments)
			if c.fault == "" && err != nil || c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)) {
				t.Errorf("got %v, want %q", err, c.fault)
			}
		})
	}
}

func TestSubcommands(t *testing.T) {
	cases := []struct {
		arguments []string
		code      int
		stdout    string
	}{
		{nil, usageCode, ""},
		{[]string{"walk"}, usageCode, ""},
		{[]string{"run"}, usageCode, ""},
		{[]string{"install"}, usageCode, ""},
		{[]string{"defer"}, usageCode, ""},
		{[]string{"defer", "--"}, usageCode, ""},
		{[]string{"version"}, 0, version + "\n"},
	}
	for _, c := range cases {
		var stdout bytes.Buffer
		if code := dispatch(c.arguments, &stdout, io.Discard); code != c.code || stdout.String() != c.stdout {
			t.Errorf("%v: got %d and %q", c.arguments, code, stdout.String())
		}
	}
}
