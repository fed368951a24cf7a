package main

// This file decides the course of `launcher run`: the attempts at the command, what ends them, and what is reported.
// It does not know how output is carried or how processes are signalled.

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const longestPause = 60 * time.Second

// runner is one `launcher run`. Everything in it belongs to one goroutine.
type runner struct {
	options
	logs      [2]*containerLog
	wallTimer <-chan time.Time // nil: no limit, or not started yet
	killTimer <-chan time.Time // nil: nobody has asked for the end
	cause     string           // Terminated, WallClock or Group once the end has been asked for
	news      <-chan answer    // nil: no instance of any group
	groupWhy  string           // why the group is over; "": its primary has ended
	result    record
}

// run performs the whole of `launcher run` and returns the exit code of the program.
func run(o options) int {
	adoptOrphans()
	if o.follow != "" {
		follow(o.follow)
	}
	r := &runner{options: o, result: record{Name: o.name}}
	r.logs = [2]*containerLog{openContainerLog(syscall.Stdout), openContainerLog(syscall.Stderr)}
	var err error
	who := private
	if o.readable {
		who = readable
	}
	syscall.Umask(who.umask)
	if r.directory, err = filepath.Abs(o.directory); err == nil {
		_, err = prepare(o.shared, r.directory, o.workingDirectory, who, o.whose)
	}
	if err != nil {
		r.refuse(err)
	} else if why, withheld := o.withheld(); withheld {
		r.logs[1].add([]byte(why+"\n"), nil)
		r.result.StartTime = stamp(time.Now())
		r.ended(causeWithheld, codeWithheld, why)
	} else {
		r.attempts()
	}
	r.report()
	if r.reportOnly {
		return 0
	}
	return r.result.ExitCode
}

// withheld says whether the command may not start, since what is to go before it has failed, and why.
func (o options) withheld() (why string, withheld bool) {
	if o.unless == "" {
		return "", false
	}
	text, err := os.ReadFile(o.unless)
	return strings.TrimSpace(string(text)), err == nil
}

// attempts runs the command until it succeeds, may not be tried again, or the end is asked for.
func (r *runner) attempts() {
	for retries := 0; ; retries++ {
		if r.askedToEnd() {
			r.endBeforeAttempt(retries)
			return
		}
		r.result.Retries = retries
		final := r.attempt()
		if final || r.result.ExitCode == 0 || r.cause != "" || (r.retries >= 0 && retries >= r.retries) {
			return
		}
		r.pause(pauseBefore(retries + 1))
	}
}

// pauseBefore returns how long to wait before a retry, counted from 1: 1 s, doubling, at most longestPause.
func pauseBefore(retry int) time.Duration {
	if retry > 6 {
		return longestPause
	}
	return min(time.Second<<(retry-1), longestPause)
}

// attempt runs the command once and fills the result. It reports whether another attempt would be of no use.
func (r *runner) attempt() (final bool) {
	started := time.Now()
	r.result.Message, r.result.Signal = "", 0
	r.result.StartTime = stamp(started)
	if r.result.Retries > 0 {
		r.result.LastRetryTime = r.result.StartTime
	}
	output, err := openOutputs(r.directory, r.logs)
	if err != nil {
		r.refuse(err)
		return true
	}
	if r.rendezvous != "" {
		r.takePart(output)
		return true
	}
	pid, failure := r.launch(r.command, output)
	if failure != nil {
		r.ended(failure.cause, failure.code, join(failure.message, output.finish()))
		return true
	}
	output.detach()
	r.startWallClock()
	status := r.supervise(pid)
	ended := time.Now()
	missing := output.finish()
	killRest(pid)
	r.judge(status, missing)
	r.result.EndTime = stamp(ended)
	return false
}

// launch starts a command that writes to the outputs. A failure is told there too.
func (r *runner) launch(command []string, output *outputs) (pid int, failure *startFailure) {
	path, failure := resolve(command[0])
	if failure == nil {
		var err error
		files := []uintptr{uintptr(syscall.Stdin), uintptr(output.stdout.out), uintptr(output.stderr.out)}
		if pid, err = start(path, command, files); err != nil {
			failure = explain(path, err)
		}
	}
	if failure != nil {
		_, _ = writeAll(output.stderr.out, []byte(failure.message+"\n"))
	}
	return pid, failure
}

// startWallClock lets the limit count from now, unless it does already.
func (r *runner) startWallClock() {
	if r.wallClock > 0 && r.wallTimer == nil {
		r.wallTimer = time.After(r.wallClock)
	}
}

// supervise passes signals on and keeps the limits until the command has ended.
func (r *runner) supervise(pid int) syscall.WaitStatus {
	for {
		if status, ended := reap(pid); ended {
			return status
		}
		select {
		case <-childEnded:
		case caught := <-others:
			signalGroup(pid, caught.(syscall.Signal))
		case <-termination:
			signalGroup(pid, syscall.SIGTERM)
			r.askEnd(causeTerminated)
		case <-r.wallTimer:
			signalGroup(pid, syscall.SIGTERM)
			r.askEnd(causeWallClock)
		case <-r.killTimer:
			signalGroup(pid, syscall.SIGKILL)
		case one := <-r.news:
			r.hear(one)
			if r.cause == causeGroup {
				signalGroup(pid, syscall.SIGTERM)
			}
		}
	}
}

// askEnd notes the first reason to end, from which the grace counts.
func (r *runner) askEnd(cause string) {
	if r.cause == "" {
		r.cause = cause
		r.killTimer = time.After(r.grace)
	}
}

// pause waits before the next attempt, or until the end is asked for, and reaps meanwhile.
func (r *runner) pause(length time.Duration) {
	timer := time.NewTimer(length)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			return
		case <-childEnded:
			reap(0)
		case <-termination:
			r.askEnd(causeTerminated)
			return
		case <-r.wallTimer:
			r.askEnd(causeWallClock)
			return
		}
	}
}

// askedToEnd says whether a SIGTERM has come that no attempt has seen.
func (r *runner) askedToEnd() bool {
	select {
	case <-termination:
		r.askEnd(causeTerminated)
	default:
	}
	return r.cause != ""
}

// endBeforeAttempt fills the result of an end asked for while no attempt was running.
func (r *runner) endBeforeAttempt(retries int) {
	if retries > 0 { // the exit code stays the last attempt's
		r.result.Cause = r.cause
		r.result.Message = join("The end was asked for before the next attempt.", r.result.Message)
		return
	}
	r.result.StartTime = stamp(time.Now())
	r.result.Signal = int(syscall.SIGTERM)
	r.ended(r.cause, codeSignal+r.result.Signal, "The launcher was asked to end before it started the command.")
}

// judge fills the result from the command's wait status.
func (r *runner) judge(status syscall.WaitStatus, missing string) {
	cause, message := causeExited, ""
	code := status.ExitStatus()
	if status.Signaled() {
		r.result.Signal = int(status.Signal())
		code = codeSignal + r.result.Signal
		message = fmt.Sprintf("The command was ended by signal %d (%v).", status.Signal(), status.Signal())
	} else if code != 0 {
		message = fmt.Sprintf("The command ended with exit code %d.", code)
	}
	switch r.cause {
	case causeTerminated:
		cause, message = r.cause, join("The task was asked to end.", message)
	case causeWallClock:
		cause = r.cause
		message = join(fmt.Sprintf("The wall-clock limit of %v was reached.", r.wallClock), message)
	case causeGroup:
		cause, message = r.cause, join(r.groupWhy, message)
	}
	r.ended(cause, code, join(message, missing))
}

// refuse fills the result of a task directory that cannot be used, and tells it in the container log.
func (r *runner) refuse(err error) {
	cause, message := nodeDirectoryFailure(err)
	r.logs[1].add([]byte(message+"\n"), nil)
	if r.result.StartTime == "" {
		r.result.StartTime = stamp(time.Now())
	}
	r.ended(cause, codeNodeDirectory, message)
}

func (r *runner) ended(cause string, code int, message string) {
	r.result.Cause, r.result.ExitCode, r.result.Message = cause, code, message
	r.result.EndTime = stamp(time.Now())
}

// report writes the record, then gives the container log a bounded time for its rest and adds what it did not take.
func (r *runner) report() {
	r.save()
	for _, log := range r.logs {
		log.flush(logStall, logWait)
	}
	if lost := r.logs[0].lost() + r.logs[1].lost(); lost > 0 {
		note := fmt.Sprintf("The container log is missing %d bytes: its reader took no more.", lost)
		r.result.Message = join(r.result.Message, note)
		r.save()
	}
}

// save writes the record where it is looked for: also into the directory that instances have in common, by which it is
// known that nothing runs there any more.
func (r *runner) save() {
	r.result.save(r.terminationLog, r.directory)
	if r.shared != "" && r.shared != r.directory {
		r.result.save(r.terminationLog, r.shared)
	}
}

// join puts sentences beside each other, leaving out empty ones.
func join(sentences ...string) string {
	var text []string
	for _, sentence := range sentences {
		if sentence != "" {
			text = append(text, sentence)
		}
	}
	return strings.Join(text, " ")
}
