package main

// This file decides the course of one instance of a multi-instance task: it waits for the others, runs the coordination
// command, waits until all are ready; then the primary runs the application command, and the others wait for its end.
// It does not know how the group stays in touch.

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	tokenVariable   = "MILLPOND_GROUP_TOKEN"
	addressVariable = "MILLPOND_POD_IP"
	masterPort      = "6000"
	groupPatience   = 120 * time.Second
)

// takeToken reads what the Pod's environment holds for the launcher alone, and lets no command see it.
func (m *membership) takeToken() error {
	m.token, m.address = os.Getenv(tokenVariable), os.Getenv(addressVariable)
	_ = os.Unsetenv(tokenVariable)
	_ = os.Unsetenv(addressVariable)
	if m.token == "" {
		return errors.New(tokenVariable + " is not set: the group cannot be found without it")
	}
	if _, err := netip.ParseAddr(m.address); err != nil {
		return fmt.Errorf("%s is no address: %w", addressVariable, err)
	}
	return nil
}

// takePart is the attempt of an instance. Its output files are open already.
func (r *runner) takePart(output *outputs) {
	m := r.membership.attend()
	r.news = m.news
	coordination := 0
	said, message := r.course(m, output, &coordination)
	if said != "" {
		m.say(said, message)
	}
	m.leave()
	if coordination != 0 {
		killRest(coordination)
	}
	r.result.Message = join(r.result.Message, output.finish())
}

// course goes through the gates. It fills the result, and returns the last word for the others: "" for none.
func (r *runner) course(m *meeting, output *outputs, coordination *int) (said, message string) {
	hosts, ok := r.awaitPhase(phaseCoordinating)
	if !ok {
		return r.outOfStep()
	}
	setHosts(hosts)
	r.result.StartTime = stamp(time.Now())
	r.startWallClock()
	pid, failure := r.launch(r.coordination, output)
	if failure != nil {
		r.ended(failure.cause, failure.code, failure.message)
		return stateFailed, r.told("its coordination command could not be started")
	}
	*coordination = pid
	r.judge(r.supervise(pid), "")
	if r.cause != "" {
		return r.outOfStep()
	}
	if r.result.ExitCode != 0 {
		code := r.result.ExitCode
		r.ended(causeCoordination, code, fmt.Sprintf("The coordination command ended with exit code %d.", code))
		return stateFailed, r.told(fmt.Sprintf("its coordination command ended with exit code %d", code))
	}
	m.say(stateReady, "")
	if r.instance != 0 {
		return r.attendTheEnd()
	}
	if _, ok := r.awaitPhase(phaseRunning); !ok {
		return r.outOfStep()
	}
	pid, failure = r.launch(r.command, output)
	if failure != nil {
		r.ended(failure.cause, failure.code, failure.message)
		return stateEnded, ""
	}
	output.detach()
	status := r.supervise(pid)
	r.judge(status, "")
	killRest(pid)
	return stateEnded, ""
}

// attendTheEnd waits until the primary has ended; then this instance has done its part.
func (r *runner) attendTheEnd() (said, message string) {
	if _, ok := r.awaitPhase(phaseOver); !ok && r.cause != causeGroup {
		return r.outOfStep()
	}
	if r.groupWhy != "" {
		return r.outOfStep()
	}
	r.cause = ""
	r.ended(causeExited, 0, "")
	return "", ""
}

// outOfStep fills the result of an instance that goes no further: it was asked to end, or the group is over.
func (r *runner) outOfStep() (said, message string) {
	switch r.cause {
	case causeGroup:
		r.ended(causeGroup, codeSignal+int(syscall.SIGTERM), r.groupWhy)
		return "", ""
	case causeWallClock:
		r.ended(causeWallClock, codeSignal+int(syscall.SIGTERM), fmt.Sprintf("The wall-clock limit of %v was reached.", r.wallClock))
		return stateFailed, r.told("its wall-clock limit was reached")
	}
	r.ended(causeTerminated, codeSignal+int(syscall.SIGTERM), "The instance was asked to end.")
	return stateFailed, r.told("it was asked to end")
}

func (r *runner) told(what string) string {
	return fmt.Sprintf("Instance %d has ended: %s.", r.instance, what)
}

// awaitPhase waits until all may go so far; false when the end was asked for, or the group is over before.
func (r *runner) awaitPhase(wanted string) (hosts []host, ok bool) {
	for {
		select {
		case one := <-r.news:
			r.hear(one)
			if one.Phase == phaseOver {
				return nil, wanted == phaseOver
			}
			if one.Phase == wanted || (wanted == phaseCoordinating && one.Phase == phaseRunning) {
				return one.Hosts, true
			}
		case <-childEnded:
			reap(0)
		case <-termination:
			r.askEnd(causeTerminated)
			return nil, false
		case <-r.wallTimer:
			r.askEnd(causeWallClock)
			return nil, false
		}
	}
}

// hear notes that the group is over.
func (r *runner) hear(one answer) {
	if one.Phase == phaseOver {
		r.groupWhy = one.Why
		r.askEnd(causeGroup)
	}
}

// setHosts tells the commands who is there (azure-batch-semantics §6.2).
func setHosts(hosts []host) {
	addresses := make([]string, len(hosts))
	nodes := []string{strconv.Itoa(len(hosts))}
	for at, one := range hosts {
		addresses[at] = one.Address
		nodes = append(nodes, one.Address, strconv.Itoa(one.Cores))
	}
	for name, value := range map[string]string{
		"AZ_BATCH_HOST_LIST":   strings.Join(addresses, ","),
		"AZ_BATCH_NODE_LIST":   strings.Join(addresses, ";"),
		"AZ_BATCH_MASTER_NODE": masterAddress(addresses[0]),
		"CCP_NODES":            strings.Join(nodes, " "),
	} {
		_ = os.Setenv(name, value)
	}
}

func masterAddress(address string) string {
	if strings.Contains(address, ":") {
		address = "[" + address + "]"
	}
	return address + ":" + masterPort
}
