package main

// This file decides how the end of a command is written down: one small JSON document, in the container's termination
// message and in the task directory. It does not know how the end came about.

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"sort"
	"time"
	"unicode/utf8"
)

// The causes of an end.
const (
	causeExited          = "Exited"          // the command ended by itself, or by somebody else's signal
	causeTerminated      = "Terminated"      // the launcher was asked to end by SIGTERM, then the command ended
	causeWallClock       = "WallClock"       // the wall-clock limit was reached
	causeCoordination    = "Coordination"    // the coordination command of this instance ended with another code than 0
	causeGroup           = "Group"           // the group is over, for no fault of this instance
	causeCommandNotFound = "CommandNotFound" // there is no such program in the image
	causeNotExecutable   = "NotExecutable"   // it is there, but it cannot be started
	causeNodeDirectory   = "NodeDirectory"   // the task directory cannot be made or written
	causeDiskFull        = "DiskFull"        // likewise, for want of space
	causeWithheld        = "Withheld"        // something before it failed, and says so
)

// Exit codes of ends at which no command has run: a shell's for the first two.
const (
	codeCommandNotFound = 127
	codeNotExecutable   = 126
	codeNodeDirectory   = 125 // also where it is full
	codeWithheld        = 125
	codeSignal          = 128 // plus the signal's number
)

const (
	recordFile = "exit.json"
	stdoutFile = "stdout.txt"
	stderrFile = "stderr.txt"
	outputMode = 0o644 // whoever may enter the task directory may read how it went
	maxRecord  = 4096  // bytes: the kubelet cuts longer termination messages, which would leave broken JSON
	timeFormat = "2006-01-02T15:04:05.000Z07:00"
	cutMark    = "…"
)

// record says how the last attempt ended, and why.
type record struct {
	Name          string `json:"name,omitempty"` // of the run, where it was given one
	Cause         string `json:"cause"`
	ExitCode      int    `json:"exitCode"`
	Signal        int    `json:"signal"`
	Retries       int    `json:"retries"`
	StartTime     string `json:"startTime"`               // of the last attempt
	EndTime       string `json:"endTime"`                 // of the last attempt
	LastRetryTime string `json:"lastRetryTime,omitempty"` // start of the last attempt but the first
	Message       string `json:"message"`
}

func stamp(t time.Time) string { return t.UTC().Format(timeFormat) }

// encode returns the record as one line of JSON of at most maxRecord bytes; a message too long for that is cut.
func (r record) encode() []byte {
	text := r.marshal()
	if len(text) <= maxRecord {
		return text
	}
	message := r.Message
	tooLong := sort.Search(len(message), func(length int) bool {
		r.Message = cut(message, length)
		return len(r.marshal()) > maxRecord
	})
	r.Message = cut(message, tooLong-1)
	return r.marshal()
}

func (r record) marshal() []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(r); err != nil {
		panic(err) // strings and integers always encode
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n"))
}

// cut keeps at most length bytes of text, whole characters, and marks the place.
func cut(text string, length int) string {
	for length > 0 && !utf8.RuneStart(text[length]) {
		length--
	}
	return text[:length] + cutMark
}

// save writes the record to the termination log and to the task directory. Neither failure is an error: outside a
// container there is no termination log, and a full directory must not hide the exit code.
func (r record) save(terminationLog, directory string) {
	text := r.tell(terminationLog)
	target := filepath.Join(directory, recordFile)
	if err := replaceFile(target, bytes.NewReader(append(text, '\n')), outputMode); err != nil {
		_ = os.Remove(target)
	}
}

// tell writes the record into the termination log, if that is there, and returns its text.
func (r record) tell(terminationLog string) []byte {
	text := r.encode()
	// The log is a bind-mounted file: it can be written but not replaced, and must not be made where it is missing.
	if log, err := os.OpenFile(terminationLog, os.O_WRONLY|os.O_TRUNC, 0); err == nil {
		_, _ = log.Write(text)
		_ = log.Close()
	}
	return text
}
