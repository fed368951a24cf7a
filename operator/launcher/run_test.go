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

func TestHowACommandEnds(t *testing.T) {
	t.Parallel()
	deaf := "trap '' TERM; echo ready; while :; do sleep 0.02; done"
	stopped := "(while ! grep -q '^State:.T' /proc/$$/status; do sleep 0.01; done; echo ready) & kill -STOP $$"
	gentle := "trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.02; done"
	cases := []struct {
		name   string
		flags  []string
		script string
		send   syscall.Signal // once it is ready
		code   int
		cause  string
		signal int
		says   string
	}{
		{"success", nil, "exit 0", 0, 0, causeExited, 0, ""},
		{"failure", nil, "exit 3", 0, 3, causeExited, 0, "exit code 3"},
		{"killed", nil, "kill -KILL $$", 0, 137, causeExited, 9, "signal 9"},
		{"interrupted", nil, "echo ready; exec sleep 60", syscall.SIGINT, 130, causeExited, 2, "signal 2"},
		{"terminated", nil, "echo ready; exec sleep 60", syscall.SIGTERM, 143, causeTerminated, 15, "asked to end"},
		{"terminated, answers", nil, gentle, syscall.SIGTERM, 7, causeTerminated, 0, "exit code 7"},
		{"terminated, deaf", []string{"--grace", "1"}, deaf, syscall.SIGTERM, 137, causeTerminated, 9, "signal 9"},
		{"terminated, no grace", []string{"--grace", "0"}, deaf, syscall.SIGTERM, 137, causeTerminated, 9, "signal 9"},
		{"terminated, stopped", []string{"--grace", "1"}, stopped, syscall.SIGTERM, 137, causeTerminated, 9, "signal 9"},
		{"wall clock", []string{"--wall-clock", "1"}, "exec sleep 60", 0, 143, causeWallClock, 15, "wall-clock limit of 1s"},
		{"wall clock, answers", []string{"--wall-clock", "3"}, gentle, 0, 7, causeWallClock, 0, "exit code 7"},
		{"wall clock, deaf", []string{"--wall-clock", "3", "--grace", "1"}, deaf, 0, 137, causeWallClock, 9, "signal 9"},
		{"wall clock not reached", []string{"--wall-clock", "30"}, "exit 4", 0, 4, causeExited, 0, "exit code 4"},
		{"report only", []string{"--report-only"}, "exit 9", 0, 0, causeExited, 0, "exit code 9"},
		{"no retry after SIGTERM", []string{"--retries", "9"}, gentle, syscall.SIGTERM, 7, causeTerminated, 0, "exit code 7"},
		{"no retry after the wall clock", []string{"--retries", "9", "--wall-clock", "3"}, gentle, 0, 7, causeWallClock, 0, "exit code 7"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			trial := launch(t, c.flags, "/bin/sh", "-c", c.script)
			if c.send != 0 {
				trial.await("stdout.txt", contains("ready\n"))
				trial.signal(c.send)
			}
			code, got := trial.wait(10*time.Second), trial.record()
			if code != c.code || got.Cause != c.cause || got.Signal != c.signal || got.Retries != 0 || !strings.Contains(got.Message, c.says) {
				t.Errorf("got %d, %+v", code, got)
			}
			if want := c.code; got.ExitCode != want && c.name != "report only" {
				t.Errorf("recorded %d, want %d", got.ExitCode, want)
			}
			if trial.file("stdout.txt") != trial.stdout.String() {
				t.Errorf("file %q, log %q", trial.file("stdout.txt"), trial.stdout.String())
			}
		})
	}
}

func TestRetries(t *testing.T) {
	t.Parallel()
	script := "echo x >>../runs; n=$(wc -l <../runs); echo attempt $n; echo e$n >&2; test $n -ge "
	cases := []struct {
		name, flags, succeeds string
		code, retries         int
		stdout                string
	}{
		{"none allowed", "--retries=0", "2", 1, 0, "attempt 1\n"},
		{"the second succeeds", "--retries=3", "2", 0, 1, "attempt 2\n"},
		{"all used", "--retries=2", "9", 1, 2, "attempt 3\n"},
		{"no limit", "--retries=-1", "3", 0, 2, "attempt 3\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			trial := launch(t, []string{c.flags}, "/bin/sh", "-c", script+c.succeeds)
			code, got := trial.wait(20*time.Second), trial.record()
			if code != c.code || got.ExitCode != c.code || got.Retries != c.retries || got.Cause != causeExited {
				t.Errorf("got %d, %+v", code, got)
			}
			if trial.file("stdout.txt") != c.stdout || !strings.HasPrefix(trial.stdout.String(), "attempt 1\n") {
				t.Errorf("file %q, log %q", trial.file("stdout.txt"), trial.stdout.String())
			}
			if (got.LastRetryTime == got.StartTime) != (c.retries > 0) {
				t.Errorf("times: %+v", got)
			}
		})
	}
}

func TestTerminationWhileWaitingForTheNextAttempt(t *testing.T) {
	t.Parallel()
	trial := launch(t, []string{"--retries", "-1"}, "/bin/sh", "-c", "trap 'exit 5' TERM; echo x >>../runs; exit 5")
	trial.await("runs", contains("x\nx\n")) // the pause is 2 s now
	trial.signal(syscall.SIGTERM)
	code, got := trial.wait(10*time.Second), trial.record()
	if got.Cause != causeTerminated || code != 5 || got.ExitCode != 5 || got.Retries != 1 {
		t.Errorf("got %d, %+v", code, got)
	}
}

func TestNothingOfAFailedAttemptRunsBesideTheNext(t *testing.T) {
	t.Parallel()
	script := `if test -e ../first; then read pid <../first; if kill -0 $pid; then exit 8; fi; exit 0; fi; sleep 60 & echo $! >../first; exit 1`
	trial := launch(t, []string{"--retries", "1"}, "/bin/sh", "-c", script)
	if code := trial.wait(20 * time.Second); code != 0 {
		t.Errorf("got %d, %s", code, trial.file("stderr.txt"))
	}
}

func TestPauses(t *testing.T) {
	for retry, seconds := range map[int]int{1: 1, 2: 2, 3: 4, 6: 32, 7: 60, 8: 60, 100_000: 60} {
		if got := pauseBefore(retry); got != time.Duration(seconds)*time.Second {
			t.Errorf("retry %d: %v", retry, got)
		}
	}
}

func TestTheRecord(t *testing.T) {
	t.Parallel()
	trial := launch(t, nil, "/bin/sh", "-c", "sleep 0.2; exit 3")
	trial.wait(10 * time.Second)
	got := trial.record()
	start, err := time.Parse(time.RFC3339, got.StartTime)
	must(t, err)
	end, err := time.Parse(time.RFC3339, got.EndTime)
	must(t, err)
	if took := end.Sub(start); took < 200*time.Millisecond || took > 5*time.Second || time.Since(end) > 10*time.Second {
		t.Errorf("from %v to %v", start, end)
	}
	if len(got.StartTime) != len("2026-01-02T03:04:05.678Z") || !strings.HasSuffix(got.StartTime, "Z") {
		t.Errorf("not UTC with milliseconds: %s", got.StartTime)
	}
}

func TestTheCommandGetsItsEnvironmentDirectoryAndArguments(t *testing.T) {
	t.Parallel()
	trial := prepareTrial(t, nil, "/bin/sh", "-c", `env | grep -v _=; pwd; printf '[%s]' "$@"`, "sh", "$HOME", "a  b", "", "*")
	trial.command.Env = []string{"A=$B ${C} %d", "PWD=/elsewhere"}
	trial.start().wait(10 * time.Second)
	want := "A=$B ${C} %d\n"
	got := trial.file("stdout.txt")
	if !strings.Contains(got, want) || !strings.HasSuffix(got, "/task/wd\n[$HOME][a  b][][*]") {
		t.Errorf("got %q", got)
	}
}

func TestADirectoryThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*testing.T, *trial){
		"a file in its place": func(t *testing.T, r *trial) { must(t, os.WriteFile(r.directory, nil, 0o600)) },
		"a directory for stdout.txt": func(t *testing.T, r *trial) {
			must(t, os.MkdirAll(filepath.Join(r.directory, "stdout.txt"), 0o700))
		},
		"a file for the working directory": func(t *testing.T, r *trial) {
			must(t, os.Mkdir(r.directory, 0o700))
			must(t, os.WriteFile(filepath.Join(r.directory, "wd"), nil, 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			trial := prepareTrial(t, []string{"--retries", "3"}, "true")
			spoil(t, trial)
			code := trial.start().wait(10 * time.Second)
			text, err := os.ReadFile(trial.terminationLog)
			must(t, err)
			got := decode(t, text)
			if code != 125 || got.Cause != causeNodeDirectory || got.ExitCode != 125 || got.Retries != 0 {
				t.Errorf("got %d, %+v", code, got)
			}
			if !strings.Contains(got.Message, trial.directory) || trial.stderr.String() != got.Message+"\n" {
				t.Errorf("message %q, log %q", got.Message, trial.stderr.String())
			}
		})
	}
}

func TestADirectoryOfAnotherUserIsRefused(t *testing.T) {
	needRoot(t)
	t.Parallel()
	trial := prepareTrial(t, nil, "true")
	must(t, os.Mkdir(trial.directory, 0o777))
	must(t, os.Chown(trial.directory, 1234, 1234))
	if code := trial.start().wait(10 * time.Second); code != 125 || !strings.Contains(trial.stderr.String(), "belongs to user 1234") {
		t.Errorf("got %d, %q", code, trial.stderr.String())
	}
	if _, err := os.Lstat(trial.directory + "/wd"); !os.IsNotExist(err) {
		t.Errorf("wd was made in it: %v", err)
	}
}

func TestLinksInPlaceOfTheOutputAreNotFollowed(t *testing.T) {
	t.Parallel()
	trial := prepareTrial(t, nil, "/bin/sh", "-c", "echo out; echo err >&2")
	victim := filepath.Join(t.TempDir(), "victim")
	must(t, os.WriteFile(victim, []byte("untouched"), 0o600))
	must(t, os.Mkdir(trial.directory, 0o700))
	for _, name := range []string{"stdout.txt", "stderr.txt", "exit.json"} {
		must(t, os.Symlink(victim, filepath.Join(trial.directory, name)))
	}
	trial.start().wait(10 * time.Second)
	if text, err := os.ReadFile(victim); err != nil || string(text) != "untouched" {
		t.Errorf("%q, %v", text, err)
	}
	if trial.file("stdout.txt") != "out\n" || trial.file("stderr.txt") != "err\n" {
		t.Errorf("%q, %q", trial.file("stdout.txt"), trial.file("stderr.txt"))
	}
}

func TestWhoMayUseWhatTheCommandMakes(t *testing.T) {
	t.Parallel()
	for umask, flags := range map[string][]string{"0002": nil, "0022": {"--readable"}} {
		trial := launch(t, flags, "/bin/sh", "-c", "umask")
		trial.wait(10 * time.Second)
		if got := trial.file("stdout.txt"); got != umask+"\n" {
			t.Errorf("%v: umask %q", flags, got)
		}
	}
}

func TestADirectoryWithoutRoom(t *testing.T) {
	needRoot(t)
	t.Parallel()
	trial := prepareTrial(t, []string{"--retries", "3"}, "true")
	must(t, os.Mkdir(trial.directory, 0o755))
	must(t, syscall.Mount("tmpfs", trial.directory, "tmpfs", 0, "nr_inodes=1"))
	t.Cleanup(func() { _ = syscall.Unmount(trial.directory, syscall.MNT_DETACH) })
	code := trial.start().wait(10 * time.Second)
	text, err := os.ReadFile(trial.terminationLog)
	must(t, err)
	got := decode(t, text)
	if code != 125 || got.Cause != causeDiskFull || got.Retries != 0 || !strings.Contains(got.Message, "is full") {
		t.Errorf("got %d, %+v", code, got)
	}
}

// An image of nothing but the program, an ordinary user, no capabilities, the launcher on a read-only mount.
func TestAnEmptyImageAsAnOrdinaryUser(t *testing.T) {
	needRoot(t)
	t.Parallel()
	image := t.TempDir()
	for _, directory := range []string{"node", "launcher", "dev"} {
		must(t, os.Mkdir(filepath.Join(image, directory), 0o755))
	}
	must(t, os.Chmod(image, 0o755))
	must(t, os.Mkdir(image+"/node/workitems", 0o755))
	must(t, os.Chmod(image+"/node/workitems", 0o777|os.ModeSticky))
	must(t, os.WriteFile(image+"/dev/termination-log", nil, 0o666))
	must(t, os.Chmod(image+"/dev/termination-log", 0o666))
	copyProgram(t, childProgram, image+"/child")
	copyProgram(t, launcherProgram, image+"/launcher/launcher")
	must(t, syscall.Mount(image+"/launcher", image+"/launcher", "", syscall.MS_BIND, ""))
	t.Cleanup(func() { _ = syscall.Unmount(image+"/launcher", syscall.MNT_DETACH) })
	must(t, syscall.Mount("", image+"/launcher", "", syscall.MS_REMOUNT|syscall.MS_BIND|syscall.MS_RDONLY, ""))
	for _, user := range []uint32{1234, 4321} { // the second finds the job's directory made by the first
		task := "/node/workitems/job/job-1/task" + string(rune('a'+user%2))
		command := exec.Command("/launcher/launcher", "run", "--directory", task, "--working-directory", task+"/wd", "--", "/child", "hello", "6")
		command.Dir, command.Env = "/", []string{}
		command.SysProcAttr = &syscall.SysProcAttr{Chroot: image, Cloneflags: syscall.CLONE_NEWPID,
			Credential: &syscall.Credential{Uid: user, Gid: user}}
		output, _ := command.CombinedOutput()
		text, err := os.ReadFile(image + "/dev/termination-log")
		must(t, err)
		if code := command.ProcessState.ExitCode(); code != 6 || decode(t, text).ExitCode != 6 || !strings.HasPrefix(string(output), "hello from ") {
			t.Errorf("user %d: got %d, %q, %s", user, code, output, text)
		}
		if file, err := os.ReadFile(image + task + "/stdout.txt"); err != nil || string(file) != string(output) {
			t.Errorf("%v, %q", err, file)
		}
	}
}

func copyProgram(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	must(t, err)
	writeProgram(t, to, content)
}

// writeProgram writes a file to execute. Nothing is started meanwhile: a child would hold the file open for writing
// until its exec, and executing the file would fail ("text file busy").
func writeProgram(t *testing.T, path string, content []byte) {
	t.Helper()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	must(t, os.WriteFile(path, content, 0o755))
}
