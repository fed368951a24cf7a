package main

// This file decides which signals the launcher takes, and how processes are signalled and reaped. It does not know what
// follows from a signal.

import (
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"unsafe"
)

// Signals wait in these channels from the first moment of the program until somebody acts on them.
var (
	termination = make(chan os.Signal, 1) // SIGTERM; more than one says no more than one
	childEnded  = make(chan os.Signal, 1) // SIGCHLD
	others      = make(chan os.Signal, 1024)
)

const (
	lastSignal              = 64
	firstReserved           = syscall.Signal(32) // Go never catches these: they are the C library's
	lastReserved            = syscall.Signal(34)
	setSubreaper            = 36 // PR_SET_CHILD_SUBREAPER
	blockMask               = 0  // SIG_BLOCK
	setMask                 = 2  // SIG_SETMASK
	noOptions       uintptr = 0
	signalSetLength         = 8
)

func init() {
	// As early as a Go program can, so that no SIGTERM is lost. Other subcommands keep the usual behaviour.
	if len(os.Args) < 2 {
		return
	}
	switch os.Args[1] {
	case "run":
		catchSignals()
	case "await", "defer": // process 1 of a container ignores what it does not catch
		signal.Notify(termination, syscall.SIGTERM)
	}
}

func catchSignals() {
	signal.Notify(termination, syscall.SIGTERM)
	signal.Notify(childEnded, syscall.SIGCHLD)
	for number := syscall.Signal(1); number <= lastSignal; number++ {
		if forwarded(number) {
			signal.Notify(others, number)
		}
	}
}

// forwarded says whether a signal is passed on as it came. SIGTERM and SIGCHLD have their own channels, SIGKILL and
// SIGSTOP cannot be caught, and Go keeps SIGPROF, SIGURG and the reserved ones for its runtime and the C library.
func forwarded(number syscall.Signal) bool {
	switch number {
	case syscall.SIGTERM, syscall.SIGCHLD, syscall.SIGKILL, syscall.SIGSTOP, syscall.SIGPROF, syscall.SIGURG:
		return false
	}
	return number < firstReserved || number > lastReserved
}

// adoptOrphans makes this process the parent of orphaned descendants, as process 1 of a container is anyway.
func adoptOrphans() {
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, setSubreaper, 1, 0)
}

// start runs the program at path in its own process group with every signal at its default and none blocked.
// Handlers are reset by exec, and ignored signals have handlers here, but for the runtime's own; those and the mask are
// left to clear.
func start(path string, arguments []string, files []uintptr) (pid int, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	inherited := changeMask(setMask, 0)
	defer changeMask(setMask, inherited)
	for number := firstReserved; number <= lastReserved; number++ {
		setAction(number, byDefault)
	}
	return syscall.ForkExec(path, arguments, &syscall.ProcAttr{
		Env:   os.Environ(),
		Files: files,
		Sys:   &syscall.SysProcAttr{Setpgid: true},
	})
}

// shieldThread binds the goroutine to its thread and keeps the signals there that its own writes cause: a broken pipe
// or a file-size limit is an error to handle here, not a signal to forward. The thread ends with the goroutine.
func shieldThread() {
	runtime.LockOSThread()
	changeMask(blockMask, 1<<(syscall.SIGPIPE-1)|1<<(syscall.SIGXFSZ-1))
}

// changeMask changes the signal mask of the current thread and returns the one before.
func changeMask(how uintptr, set uint64) (before uint64) {
	_, _, _ = syscall.RawSyscall6(syscall.SYS_RT_SIGPROCMASK, how, uintptr(unsafe.Pointer(&set)),
		uintptr(unsafe.Pointer(&before)), signalSetLength, noOptions, noOptions)
	return before
}

const byDefault uintptr = 0 // SIG_DFL

// setAction decides for the whole process what becomes of a signal that neither os/signal nor a C library lets one choose.
func setAction(number syscall.Signal, action uintptr) {
	structure := [4]uintptr{action} // handler, flags, restorer, mask
	_, _, _ = syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(number), uintptr(unsafe.Pointer(&structure)), 0,
		signalSetLength, noOptions, noOptions)
}

// signalGroup sends a signal to the process group that pid leads, and to pid itself if it has left that group.
func signalGroup(pid int, number syscall.Signal) {
	_ = syscall.Kill(-pid, number)
	if group, err := syscall.Getpgid(pid); err == nil && group != pid {
		_ = syscall.Kill(pid, number)
	}
}

// killRest ends what a command that has been reaped left in its process group, so that nothing of it runs beside the
// next attempt. The number alone may belong to somebody else by now, the group's cannot while it has members.
func killRest(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }

// reap collects every child that has ended, and returns the status of pid if it was among them.
func reap(pid int) (status syscall.WaitStatus, ended bool) {
	for {
		var one syscall.WaitStatus
		child, err := syscall.Wait4(-1, &one, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || child <= 0 {
			return status, ended
		}
		if child == pid {
			status, ended = one, true
		}
	}
}
