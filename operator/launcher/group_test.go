package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// agent is a rendezvous that keeps the last report of each instance, as the real one does.
type agent struct {
	t        *testing.T
	address  string
	mutex    sync.Mutex
	listener net.Listener
	reports  map[int]report
	callers  map[net.Conn]bool
}

func startAgent(t *testing.T) *agent {
	a := &agent{t: t, address: "127.0.0.1:0"}
	a.open()
	t.Cleanup(a.close)
	return a
}

func (a *agent) open() {
	var err error
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if a.listener, err = net.Listen("tcp", a.address); err == nil || time.Now().After(end) {
			break
		}
	}
	must(a.t, err)
	a.address = a.listener.Addr().String()
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.reports, a.callers = map[int]report{}, map[net.Conn]bool{}
	go a.serve(a.listener)
}

func (a *agent) close() {
	_ = a.listener.Close()
	a.mutex.Lock()
	defer a.mutex.Unlock()
	for caller := range a.callers {
		_ = caller.Close()
	}
}

func (a *agent) serve(listener net.Listener) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		go a.hear(connection)
	}
}

func (a *agent) hear(connection net.Conn) {
	a.mutex.Lock()
	a.callers[connection] = true
	a.mutex.Unlock()
	lines := bufio.NewScanner(connection)
	for lines.Scan() {
		var one report
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil || one.Token != "secret" {
			a.t.Errorf("heard %q", lines.Text())
			return
		}
		a.mutex.Lock()
		a.reports[one.Instance] = one
		text, _ := json.Marshal(a.answer(one.Instances))
		for caller := range a.callers {
			_, _ = caller.Write(append(text, '\n'))
		}
		a.mutex.Unlock()
	}
}

func (a *agent) answer(instances int) answer {
	ready := 0
	for _, one := range a.reports {
		switch one.State {
		case stateEnded, stateFailed:
			return answer{Phase: phaseOver, Why: one.Message}
		case stateReady:
			ready++
		}
	}
	if len(a.reports) < instances {
		return answer{Phase: phaseGathering}
	}
	hosts := make([]host, instances)
	for at := range hosts {
		hosts[at] = host{a.reports[at].Address, a.reports[at].Cores}
	}
	if ready == instances {
		return answer{Phase: phaseRunning, Hosts: hosts}
	}
	return answer{Phase: phaseCoordinating, Hosts: hosts}
}

func (a *agent) heard() string {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return fmt.Sprint(a.reports)
}

// instance starts one instance of a group; its number is $I in both commands.
func (a *agent) instance(number, of int, coordination, application string, flags ...string) *trial {
	flags = append(flags, "--rendezvous", a.address, "--instance", fmt.Sprint(number), "--instances", fmt.Sprint(of), "--cores", "2")
	for _, word := range []string{"/bin/sh", "-c", coordination} {
		flags = append(flags, "--coordination", word)
	}
	trial := prepareTrial(a.t, flags, "/bin/sh", "-c", application)
	trial.command.Env = append(os.Environ(), "MILLPOND_GROUP_TOKEN=secret", fmt.Sprintf("MILLPOND_POD_IP=10.0.0.%d", number+4), fmt.Sprintf("I=%d", number))
	return trial
}

func (a *agent) group(of int, coordination, application string, flags ...string) []*trial {
	var all []*trial
	for number := range of {
		all = append(all, a.instance(number, of, coordination, application, flags...).start())
	}
	return all
}

func ends(t *testing.T, all []*trial, causes ...string) {
	t.Helper()
	for at, one := range all {
		code, got := one.wait(15*time.Second), one.record()
		if got.Cause != causes[at] || got.ExitCode != code {
			t.Errorf("instance %d: exit code %d, %+v", at, code, got)
		}
	}
}

func one(only *trial) []*trial { return []*trial{only} }

func TestAGroup(t *testing.T) {
	t.Parallel()
	a := startAgent(t)
	tell := "echo $I $AZ_BATCH_HOST_LIST $AZ_BATCH_NODE_LIST $AZ_BATCH_MASTER_NODE $CCP_NODES"
	all := a.group(3, tell+"; env | grep -c MILLPOND_; true", "echo application $AZ_BATCH_HOST_LIST; exit 7")
	hosts := " 10.0.0.4,10.0.0.5,10.0.0.6 10.0.0.4;10.0.0.5;10.0.0.6 10.0.0.4:6000 3 10.0.0.4 2 10.0.0.5 2 10.0.0.6 2\n0\n"
	ends(t, all, causeExited, causeExited, causeExited)
	if got := all[0].record(); got.ExitCode != 7 {
		t.Errorf("the primary ended as %+v", got)
	}
	for at, want := range []string{"0" + hosts + "application 10.0.0.4,10.0.0.5,10.0.0.6\n", "1" + hosts, "2" + hosts} {
		if got := all[at].file("stdout.txt"); got != want {
			t.Errorf("instance %d wrote %q, want %q", at, got, want)
		}
	}
}

func TestNothingRunsBeforeAllAreThere(t *testing.T) {
	t.Parallel()
	a := startAgent(t)
	first := a.instance(0, 2, "echo coordination", "echo application").start()
	eventually(t, func() bool { return strings.Contains(a.heard(), stateJoined) }, a.heard)
	if got := first.file("stdout.txt"); got != "" {
		t.Errorf("it wrote %q alone", got)
	}
	second := a.instance(1, 2, "while test ! -e ../go; do sleep 0.01; done", "").start()
	first.await("stdout.txt", contains("coordination"))
	eventually(t, func() bool { return strings.Contains(a.heard(), stateReady) }, a.heard)
	if got := first.file("stdout.txt"); strings.Contains(got, "application") {
		t.Errorf("the application ran before all were ready")
	}
	must(t, os.WriteFile(filepath.Join(second.directory, "go"), nil, 0o600))
	ends(t, []*trial{first, second}, causeExited, causeExited)
	if got := first.file("stdout.txt"); got != "coordination\napplication\n" {
		t.Errorf("it wrote %q", got)
	}
}

func TestACoordinationThatFailsEndsAll(t *testing.T) {
	t.Parallel()
	a := startAgent(t)
	all := a.group(3, "test $I != 1 || exit 3", "echo application")
	ends(t, all, causeGroup, causeCoordination, causeGroup)
	if got := all[1].record(); got.ExitCode != 3 || !strings.Contains(got.Message, "exit code 3") {
		t.Errorf("got %+v", got)
	}
	if got := all[0].record(); !strings.Contains(got.Message, "Instance 1 has ended") || all[0].file("stdout.txt") != "" {
		t.Errorf("got %+v and %q", got, all[0].file("stdout.txt"))
	}
}

func TestACoordinationCommandThatIsMissing(t *testing.T) {
	t.Parallel()
	a := startAgent(t)
	flags := []string{"--rendezvous", a.address, "--instances", "1", "--coordination", "no-such-program"}
	trial := prepareTrial(t, flags, "true")
	trial.command.Env = append(os.Environ(), "MILLPOND_GROUP_TOKEN=secret", "MILLPOND_POD_IP=::1")
	ends(t, one(trial.start()), causeCommandNotFound)
}

func TestAnAgentThatStartsAnew(t *testing.T) {
	t.Parallel()
	a := startAgent(t)
	all := a.group(2, "echo here; while test ! -e ../go; do sleep 0.01; done", "echo application; while test ! -e ../end; do sleep 0.01; done")
	for _, one := range all {
		one.await("stdout.txt", contains("here"))
	}
	a.close()
	a.open()
	for _, one := range all {
		must(t, os.WriteFile(filepath.Join(one.directory, "go"), nil, 0o600))
	}
	all[0].await("stdout.txt", contains("application"))
	a.close()
	a.open()
	eventually(t, func() bool { return strings.Count(a.heard(), stateReady) == 2 }, a.heard)
	must(t, os.WriteFile(filepath.Join(all[0].directory, "end"), nil, 0o600))
	ends(t, all, causeExited, causeExited)
}

func TestAnAgentThatIsNotThere(t *testing.T) {
	t.Parallel()
	a := startAgent(t)
	a.close()
	all := a.group(1, "true", "true", "--patience", "300ms")
	ends(t, all, causeGroup)
	if got := all[0].record(); !strings.Contains(got.Message, "could not be reached") {
		t.Errorf("got %+v", got)
	}
}

func TestTheApplicationOutlivesTheAgent(t *testing.T) {
	t.Parallel()
	a := startAgent(t)
	all := a.group(1, "true", "echo application; while test ! -e ../end; do sleep 0.01; done; exit 5", "--patience", "10ms")
	all[0].await("stdout.txt", contains("application"))
	a.close()
	time.Sleep(5 * dialPause)
	must(t, os.WriteFile(filepath.Join(all[0].directory, "end"), nil, 0o600))
	ends(t, all, causeExited)
	if got := all[0].record(); got.ExitCode != 5 {
		t.Errorf("got %+v", got)
	}
}

func TestWhoIsAskedToEndEndsAll(t *testing.T) {
	t.Parallel()
	a := startAgent(t)
	all := a.group(3, "true", "echo application; exec sleep 60")
	all[0].await("stdout.txt", contains("application"))
	all[2].signal(syscall.SIGTERM)
	ends(t, all, causeGroup, causeGroup, causeTerminated)
}

func TestTheWallClockCountsFromTheCoordination(t *testing.T) {
	t.Parallel()
	a := startAgent(t)
	first := a.instance(0, 2, "true", "exec sleep 60", "--wall-clock", "1").start()
	time.Sleep(1500 * time.Millisecond)
	second := a.instance(1, 2, "true", "").start()
	ends(t, []*trial{first, second}, causeWallClock, causeExited)
}

func TestWhatTheCoordinationStartedLivesUntilTheEnd(t *testing.T) {
	t.Parallel()
	a := startAgent(t)
	daemon := "(while :; do date +%N >../alive.new; mv ../alive.new ../alive; sleep 0.01; done) >/dev/null 2>&1 & true"
	all := a.group(2, daemon, "before=$(cat ../alive); while test \"$before\" = \"$(cat ../alive)\"; do sleep 0.01; done")
	ends(t, all, causeExited, causeExited)
}

func TestTheSharedDirectoryIsTheUsersOwn(t *testing.T) {
	t.Parallel()
	a := startAgent(t)
	trial := a.instance(0, 1, "test -w ../../shared-mark || echo x >../../mark", "true")
	shared := trial.directory
	for at, word := range trial.command.Args {
		if strings.HasPrefix(word, shared) {
			trial.command.Args[at] = filepath.Join(shared, "1") + strings.TrimPrefix(word, shared)
		}
	}
	trial.command.Args = append(trial.command.Args[:2], append([]string{"--shared", shared}, trial.command.Args[2:]...)...)
	trial.directory = filepath.Join(shared, "1")
	ends(t, one(trial.start()), causeExited)
	info, err := os.Stat(shared)
	must(t, err)
	if mode := info.Mode().Perm(); mode != os.FileMode(private.own) {
		t.Errorf("the directory that instances have in common has mode %v", mode)
	}
}
