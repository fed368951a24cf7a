package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestEverySignalIsForwarded(t *testing.T) {
	t.Parallel()
	trial := launch(t, []string{"--grace", "60"}, childProgram, "signals")
	trial.await("stdout.txt", contains("ready\n"))
	for number := syscall.Signal(1); number <= lastSignal; number++ {
		if forwarded(number) || number == syscall.SIGTERM {
			trial.signal(number)
			trial.await("stdout.txt", contains(fmt.Sprintf("\n%d\n", number)))
		}
	}
	children := childrenOf(t, trial.command.Process.Pid)
	if len(children) != 1 {
		t.Fatalf("got children %v", children)
	}
	must(t, syscall.Kill(children[0], syscall.SIGKILL))
	if code, got := trial.wait(10*time.Second), trial.record(); code != 137 || got.Signal != 9 || got.Cause != causeTerminated {
		t.Errorf("got %d, %+v", code, got)
	}
}

func TestTheWholeGroupIsSignalled(t *testing.T) {
	t.Parallel()
	script := `trap : USR1; sh -c 'trap "echo inner; exit" USR1; echo ready; while :; do sleep 0.01; done' & wait; wait; exit 4`
	trial := launch(t, nil, "/bin/sh", "-c", script)
	trial.await("stdout.txt", contains("ready\n"))
	trial.signal(syscall.SIGUSR1)
	if code := trial.wait(10 * time.Second); code != 4 || !strings.Contains(trial.stdout.String(), "inner\n") {
		t.Errorf("got %d, %q", code, trial.stdout.String())
	}
}

func TestTheCommandStartsWithDefaultSignals(t *testing.T) {
	t.Parallel()
	trial := prepareTrial(t, nil, "/bin/grep", "-E", "^Sig(Ign|Blk):", "/proc/self/status")
	// The launcher itself starts with signals ignored, the reserved ones too; the shell can neither block nor ignore those.
	for number := firstReserved; number <= lastReserved; number++ {
		setAction(number, 1) // SIG_IGN
		defer setAction(number, byDefault)
	}
	trial.command.Args = append([]string{"/bin/sh", "-c", `trap '' HUP INT QUIT USR1 PIPE; exec "$0" "$@"`}, trial.command.Args...)
	trial.command.Path = "/bin/sh"
	trial.start().wait(10 * time.Second)
	if got := trial.file("stdout.txt"); got != "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n" {
		t.Errorf("got %q", got)
	}
}

// What the launcher was started with must not matter: here a thread with SIGTERM and others blocked starts it.
func TestTheCommandStartsWithNothingBlocked(t *testing.T) {
	t.Parallel()
	trial := prepareTrial(t, nil, "/bin/grep", "^SigBlk:", "/proc/self/status")
	started := make(chan struct{})
	go func() {
		shieldThread()
		changeMask(blockMask, 1<<(syscall.SIGTERM-1)|1<<(syscall.SIGUSR1-1))
		trial.start()
		close(started)
		<-trial.ended // the thread lives as long
	}()
	<-started
	trial.wait(10 * time.Second)
	if got := trial.file("stdout.txt"); got != "SigBlk:\t0000000000000000\n" {
		t.Errorf("got %q", got)
	}
}

// A SIGTERM at any moment ends the launcher soon: before it has its handlers as any program ends, later with a record.
func TestTerminationAtAnyMoment(t *testing.T) {
	t.Parallel()
	early, before, during := 0, 0, 0
	for round := range 250 {
		delay := time.Duration(rand.IntN(6000)) * time.Microsecond
		trial := launch(t, []string{"--grace", "20"}, "/bin/sleep", "60")
		time.Sleep(delay)
		trial.signal(syscall.SIGTERM)
		code := trial.wait(10 * time.Second)
		if status := trial.command.ProcessState.Sys().(syscall.WaitStatus); status.Signaled() && status.Signal() == syscall.SIGTERM {
			early++
			if content, _ := os.ReadFile(trial.terminationLog); len(content) > 0 {
				t.Fatalf("round %d, %v: killed with a record", round, delay)
			}
			continue
		}
		got := trial.record()
		if code != 143 || got.Cause != causeTerminated || got.Signal != 15 || got.ExitCode != 143 {
			t.Fatalf("round %d, %v: got %d, %+v", round, delay, code, got)
		}
		if strings.Contains(got.Message, "before it started") {
			before++
		} else {
			during++
		}
	}
	t.Logf("before handlers %d, before the command %d, during it %d", early, before, during)
	if during == 0 {
		t.Error("the delays never reached the command")
	}
}

// As process 1 the kernel drops signals that have no handler. From the moment there is one, none is lost; in the fraction
// of a millisecond before the launcher's own code runs, Go's runtime ends the program with code 2, without a record.
func TestTerminationAtAnyMomentAsProcessOne(t *testing.T) {
	needRoot(t)
	t.Parallel()
	early := 0
	for round := range 100 {
		trial := prepareTrial(t, []string{"--grace", "20"}, "/bin/sleep", "60")
		trial.command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID}
		trial.start()
		armed := round%2 == 0
		for ready := false; !ready; {
			if ready = catches(trial.command.Process.Pid, syscall.SIGTERM); armed {
				_, err := os.Stat(trial.directory) // made by the launcher's own code
				ready = err == nil
			}
		}
		time.Sleep(time.Duration(rand.IntN(3000)) * time.Microsecond)
		trial.signal(syscall.SIGTERM)
		code := trial.wait(10 * time.Second)
		text, err := os.ReadFile(trial.terminationLog)
		must(t, err)
		if !armed && code == 2 && len(text) == 0 && trial.stderr.Len() == 0 {
			early++
		} else if code != 143 || decode(t, text).Cause != causeTerminated {
			t.Fatalf("round %d: got %d, %q, %s", round, code, text, trial.stderr.String())
		}
	}
	t.Logf("ended by Go's runtime: %d of 50", early)
}

// catches reads whether a process has a handler for a signal.
func catches(pid int, number syscall.Signal) bool {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(status), "SigCgt:\t")
	text, _, _ := strings.Cut(rest, "\n")
	caught, _ := strconv.ParseUint(text, 16, 64)
	return caught>>(number-1)&1 == 1
}

// childrenOf lists the children of all threads: Go starts a process from whichever thread it is on.
func childrenOf(t *testing.T, pid int) (children []int) {
	t.Helper()
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	must(t, err)
	for _, list := range lists {
		text, _ := os.ReadFile(list) // a thread may have ended
		for _, number := range strings.Fields(string(text)) {
			child, err := strconv.Atoi(number)
			must(t, err)
			children = append(children, child)
		}
	}
	return children
}

func TestOrphansAreReaped(t *testing.T) {
	t.Parallel()
	trial := launch(t, nil, childProgram, "zombies", "20")
	trial.await("stdout.txt", contains("left\n"))
	pid := trial.command.Process.Pid
	var children []int
	eventually(t, func() bool {
		children = childrenOf(t, pid)
		return len(children) == 1
	}, func() string { return fmt.Sprint(children) })
	trial.signal(syscall.SIGTERM)
	trial.wait(10 * time.Second)
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: mounts, namespaces and other users")
	}
}
