package main

// This file decides how output reaches the container log: in order, through a bounded queue, and never at the price of
// the task's file. It does not know where the output comes from.

import (
	"sync"
	"sync/atomic"
	"time"
)

// queueLimit is how many bytes may wait for a slow log before the task has to wait, as it would without the launcher.
const queueLimit = 4 << 20

// containerLog is the launcher's own stdout or stderr. It lives as long as the launcher.
type containerLog struct {
	fd      int
	pipe    bool // a pipe can share pages with another pipe
	mutex   sync.Mutex
	chunks  [][]byte      // protected by mutex
	queued  atomic.Int64  // bytes accepted and not yet written
	missing atomic.Int64  // bytes that could not be written
	work    chan struct{} // there are chunks
	room    chan struct{} // queued has fallen
}

func openContainerLog(fd int) *containerLog {
	l := &containerLog{fd: fd, pipe: isPipe(fd), work: make(chan struct{}, 1), room: make(chan struct{}, 1)}
	go l.write()
	return l
}

// idle says that nothing waits, so that a caller may put bytes into fd itself.
func (l *containerLog) idle() bool { return l.queued.Load() == 0 }

// add queues a chunk, which the caller must not touch again. It waits while the queue is full, unless stop is closed.
func (l *containerLog) add(chunk []byte, stop <-chan struct{}) {
	for l.queued.Load() >= queueLimit && !closed(stop) {
		select {
		case <-l.room:
		case <-stop:
		}
	}
	l.mutex.Lock()
	l.chunks = append(l.chunks, chunk)
	l.queued.Add(int64(len(chunk)))
	l.mutex.Unlock()
	wake(l.work)
}

// write moves chunks to fd. After an error (nobody reads any more) it only counts.
func (l *containerLog) write() {
	shieldThread()
	var failed error
	for range l.work {
		l.mutex.Lock()
		chunks := l.chunks
		l.chunks = nil
		l.mutex.Unlock()
		for _, chunk := range chunks {
			written := 0
			if failed == nil {
				written, failed = writeAll(l.fd, chunk)
			}
			l.missing.Add(int64(len(chunk) - written))
			l.queued.Add(-int64(len(chunk)))
			recycle(chunk)
			wake(l.room)
		}
	}
}

// flush waits until nothing is queued. It gives up when nothing has moved for stall, or after limit.
func (l *containerLog) flush(stall, limit time.Duration) {
	begin := time.Now()
	before, moved := l.queued.Load(), begin
	for before > 0 {
		patience := min(stall-time.Since(moved), limit-time.Since(begin))
		if patience <= 0 {
			return
		}
		select {
		case <-l.room: // perhaps of long ago: only the count tells
		case <-time.After(patience):
		}
		if now := l.queued.Load(); now != before {
			before, moved = now, time.Now()
		}
	}
}

// lost returns the bytes that the log does not have, those still queued included.
func (l *containerLog) lost() int64 { return l.missing.Load() + l.queued.Load() }

// closed says whether a channel that only ever gets closed has been.
func closed(channel <-chan struct{}) bool {
	select {
	case <-channel:
		return true
	default:
		return false
	}
}

// wake leaves a note in a channel with room for one.
func wake(channel chan<- struct{}) {
	select {
	case channel <- struct{}{}:
	default:
	}
}

const (
	chunkSize  = 256 << 10
	smallChunk = 16 << 10 // below this, a copy costs less than a large buffer held while it waits
)

var chunkPool = sync.Pool{New: func() any { return make([]byte, chunkSize) }}

// recycle gives a chunk's buffer back if it came from the pool.
func recycle(chunk []byte) {
	if cap(chunk) == chunkSize {
		chunkPool.Put(chunk[:chunkSize]) //nolint:staticcheck // one small allocation for each chunk of 256 KiB
	}
}
