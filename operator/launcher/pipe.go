package main

// This file holds the kernel's ways to move bytes between pipes and files, and to wait for them. It decides nothing.

import (
	"syscall"
	"time"
	"unsafe"
)

const (
	setPipeSize   = 1031   // F_SETPIPE_SZ
	bytesWaiting  = 0x541B // FIONREAD
	nonBlocking   = 2      // SPLICE_F_NONBLOCK
	pollIn        = 1
	pollOut       = 4
	pollMiscreant = 8 | 32       // POLLERR, POLLNVAL
	pipeSize      = 1 << 20      // the most an unprivileged user may ask for
	forever       = -time.Second // any negative duration
)

// pollEntry is struct pollfd.
type pollEntry struct {
	fd       int32
	events   int16
	happened int16
}

// poll waits until one of the entries is ready, at most for limit; it returns early on a signal.
func poll(entries []pollEntry, limit time.Duration) {
	var timeout *syscall.Timespec
	if limit >= 0 {
		value := syscall.NsecToTimespec(int64(limit))
		timeout = &value
	}
	_, _, _ = syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&entries[0])), uintptr(len(entries)),
		uintptr(unsafe.Pointer(timeout)), 0, 0, 0)
}

// becomesWritable waits at most limit for room in fd, and says whether a write would now return at once.
func becomesWritable(fd int, limit time.Duration) bool {
	entries := []pollEntry{{fd: int32(fd), events: pollOut}}
	poll(entries, limit)
	return entries[0].happened&(pollOut|pollMiscreant) != 0
}

// waiting returns the number of bytes in a pipe.
func waiting(fd int) int {
	var count int32
	_, _, _ = syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), bytesWaiting, uintptr(unsafe.Pointer(&count)))
	return int(count)
}

// isPipe says whether fd is a pipe or FIFO.
func isPipe(fd int) bool {
	var status syscall.Stat_t
	return syscall.Fstat(fd, &status) == nil && status.Mode&syscall.S_IFMT == syscall.S_IFIFO
}

// openPipe makes a pipe, as large as the system grants, whose read end does not block.
func openPipe() (readEnd, writeEnd int, err error) {
	var ends [2]int
	if err := syscall.Pipe2(ends[:], syscall.O_CLOEXEC); err != nil {
		return 0, 0, err
	}
	_, _, _ = syscall.Syscall(syscall.SYS_FCNTL, uintptr(ends[0]), setPipeSize, pipeSize)
	return ends[0], ends[1], syscall.SetNonblock(ends[0], true)
}

// writeAll writes everything, and returns how much it could.
func writeAll(fd int, content []byte) (written int, err error) {
	for written < len(content) {
		n, err := syscall.Write(fd, content[written:])
		if n > 0 {
			written += n
		}
		switch err {
		case nil, syscall.EINTR:
		case syscall.EAGAIN: // somebody else made this description non-blocking
			poll([]pollEntry{{fd: int32(fd), events: pollOut}}, forever)
		default:
			return written, err
		}
	}
	return written, nil
}
