package main

// This file decides how one attempt's stdout or stderr gets from the command into its file and the container log, byte
// for byte, and when the launcher stops waiting for more. It does not know when the command ends.
//
// The fast way is tee(2) into the log's pipe, which shares pages instead of copying, then reading once for the file.
// (splice(2) into the file was measured: slower, because it fills the page cache page by page.) Where the log is no
// pipe or is behind, what was read goes through the log's queue as well.

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	orphanWait = time.Second           // for processes that outlive the command and hold its output
	fileWait   = 10 * time.Second      // for a file system that answers slowly
	logStall   = 3 * time.Second       // for a log that takes nothing
	logWait    = 15 * time.Second      // for a log that takes it slowly
	logPause   = 20 * time.Millisecond // for room in the log's pipe, before it is queued in memory
)

// stream carries one of the command's two outputs during one attempt.
type stream struct {
	name     string
	in       int // read end of the command's output
	out      int // write end, the command's; -1 once closed here
	file     int
	log      *containerLog
	stop     chan struct{} // closed: take what is there, then end
	stopEnd  int           // poll wakes when its other end closes
	stopHold int
	done     chan struct{} // closed when nothing more comes
	direct   bool          // tee works here
	fileErr  error         // the first; read after done
	missing  atomic.Int64  // bytes that the file does not have
}

// openStream makes or empties the file and the pipe. copy must be called to move anything.
func openStream(directory, name string, log *containerLog) (*stream, error) {
	path := filepath.Join(directory, name)
	flags := syscall.O_WRONLY | syscall.O_CREAT | syscall.O_TRUNC | syscall.O_CLOEXEC
	file, err := syscall.Open(path, flags, outputMode)
	if err != nil {
		return nil, fmt.Errorf("cannot write %s: %w", path, err)
	}
	s := &stream{name: name, file: file, log: log, direct: log.pipe, stop: make(chan struct{}), done: make(chan struct{})}
	if s.in, s.out, err = openPipe(); err != nil {
		return nil, fmt.Errorf("cannot make a pipe: %w", err)
	}
	if s.stopEnd, s.stopHold, err = openPipe(); err != nil {
		return nil, fmt.Errorf("cannot make a pipe: %w", err)
	}
	return s, nil
}

// copy moves output until its last writer is gone or stop is called.
func (s *stream) copy() {
	shieldThread()
	defer close(s.done)
	entries := []pollEntry{{fd: int32(s.in), events: pollIn}, {fd: int32(s.stopEnd), events: pollIn}}
	for {
		poll(entries, forever)
		if closed(s.stop) {
			s.drain()
			return
		}
		if entries[0].happened == 0 {
			continue
		}
		if s.direct && s.log.idle() && s.share() {
			continue
		}
		if _, ended := s.readOnce(chunkSize); ended {
			return
		}
	}
}

// drain takes what is in the pipe now, and no more: a process that goes on writing must not hold the launcher.
func (s *stream) drain() {
	for left := waiting(s.in); left > 0; {
		count, ended := s.readOnce(min(left, chunkSize))
		if ended || count <= 0 {
			return
		}
		left -= count
	}
}

// share lets the log have the pages in the pipe, then takes them for the file. It reports whether it did, or may at once.
func (s *stream) share() bool {
	count, err := syscall.Tee(s.in, s.log.fd, pipeSize, nonBlocking)
	switch {
	case count > 0:
		for left := int(count); left > 0; {
			left -= s.takeForFile(left)
		}
		return true
	case err == nil: // the end, or another writer has just filled the log: reading tells which
		return false
	case err == syscall.EINTR:
		return true
	case err == syscall.EAGAIN:
		return becomesWritable(s.log.fd, logPause)
	}
	s.direct = false // nobody reads the log, or this kernel or sandbox cannot do it: the other way finds out
	return false
}

// takeForFile reads at most count bytes, which the log already has, for the file only, and returns how many.
func (s *stream) takeForFile(count int) int {
	buffer := chunkPool.Get().([]byte)
	defer recycle(buffer)
	n, err := syscall.Read(s.in, buffer[:min(count, chunkSize)])
	if n <= 0 {
		if err == syscall.EINTR {
			return 0
		}
		return count // cannot be: tee saw these bytes, and nobody else reads this pipe
	}
	s.writeFile(buffer[:n])
	return n
}

// readOnce moves at most limit bytes by reading and writing: to the file first, then into the log's queue.
func (s *stream) readOnce(limit int) (count int, ended bool) {
	buffer := chunkPool.Get().([]byte)
	n, err := syscall.Read(s.in, buffer[:limit])
	if n <= 0 {
		recycle(buffer)
		again := err == syscall.EAGAIN || err == syscall.EINTR
		return 0, !again
	}
	s.writeFile(buffer[:n])
	if n < smallChunk {
		small := append([]byte(nil), buffer[:n]...)
		recycle(buffer)
		s.log.add(small, s.stop)
		return n, false
	}
	s.log.add(buffer[:n], s.stop)
	return n, false
}

// writeFile appends to the file. After the first error the file stays a true beginning of the output.
func (s *stream) writeFile(content []byte) {
	written := 0
	if s.fileErr == nil {
		written, s.fileErr = writeAll(s.file, content)
	}
	s.missing.Add(int64(len(content) - written))
}

// finish closes the command's end and waits: for the last writer to go, then a bounded time for what is in the pipe.
// It returns what the file is missing, as a sentence, or "".
func (s *stream) finish(patience <-chan time.Time) string {
	s.closeOut()
	select {
	case <-s.done:
	case <-patience:
		close(s.stop)
		_ = syscall.Close(s.stopHold)
		s.stopHold = -1
	}
	select {
	case <-s.done:
	case <-time.After(fileWait):
		return fmt.Sprintf("%s is incomplete: the node directory did not take the output within %v. ", s.name, fileWait)
	}
	for _, fd := range []int{s.in, s.file, s.stopEnd, s.stopHold} {
		if fd >= 0 {
			_ = syscall.Close(fd)
		}
	}
	return s.describe()
}

// describe tells what the file is missing. Only after done.
func (s *stream) describe() string {
	if s.fileErr == nil {
		return ""
	}
	missing := s.missing.Load()
	switch s.fileErr {
	case syscall.ENOSPC, syscall.EDQUOT:
		return fmt.Sprintf("The node directory is full: %s is missing its last %d bytes; the container log has them. ", s.name, missing)
	case syscall.EFBIG:
		return fmt.Sprintf("%s has reached the file-size limit and is missing its last %d bytes; the container log has them. ", s.name, missing)
	}
	return fmt.Sprintf("%s could not be written (%v) and is missing its last %d bytes; the container log has them. ", s.name, s.fileErr, missing)
}

func (s *stream) closeOut() {
	if s.out >= 0 {
		_ = syscall.Close(s.out)
		s.out = -1
	}
}

// outputs are both streams of one attempt.
type outputs struct{ stdout, stderr *stream }

func openOutputs(directory string, logs [2]*containerLog) (*outputs, error) {
	stdout, err := openStream(directory, stdoutFile, logs[0])
	if err != nil {
		return nil, err
	}
	stderr, err := openStream(directory, stderrFile, logs[1])
	if err != nil {
		return nil, err
	}
	go stdout.copy()
	go stderr.copy()
	return &outputs{stdout, stderr}, nil
}

// detach closes the launcher's copy of the command's ends, so that the command's end is seen.
func (o *outputs) detach() {
	o.stdout.closeOut()
	o.stderr.closeOut()
}

// finish waits for both streams together, and returns what the files are missing, as sentences.
func (o *outputs) finish() string {
	o.detach()
	patience := make(chan time.Time)
	timer := time.AfterFunc(orphanWait, func() { close(patience) })
	defer timer.Stop()
	return strings.TrimSpace(o.stdout.finish(patience) + o.stderr.finish(patience))
}
