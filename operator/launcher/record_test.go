package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestARecordFitsTheTerminationMessage(t *testing.T) {
	for name, message := range map[string]string{
		"short":         "It ended.",
		"long":          strings.Repeat("a", 10_000),
		"wide":          strings.Repeat("ü€", 5_000),
		"to be escaped": strings.Repeat("\x01\"", 5_000),
		"not text":      strings.Repeat("\xff", 5_000),
		"markup":        "<a & b>",
	} {
		t.Run(name, func(t *testing.T) {
			text := record{Cause: causeExited, ExitCode: 3, Message: message}.encode()
			if len(text) > maxRecord || !utf8.Valid(text) {
				t.Fatalf("%d bytes: %q", len(text), text)
			}
			got := decode(t, text)
			if len(message) < 100 && got.Message != message {
				t.Errorf("got %q", got.Message)
			}
			if len(message) > 100 && (!strings.HasSuffix(got.Message, cutMark) || len(text) < maxRecord/2) {
				t.Errorf("%d bytes, %q", len(text), got.Message)
			}
		})
	}
}

func TestSavingNeedsNeitherPlace(t *testing.T) {
	directory := t.TempDir()
	missing := filepath.Join(directory, "missing")
	record{Cause: causeExited}.save(missing, directory)
	if _, err := os.Stat(missing); err == nil {
		t.Error("a termination log was made where there was none")
	}
	if text, err := os.ReadFile(filepath.Join(directory, recordFile)); err != nil || decode(t, text).Cause != causeExited {
		t.Errorf("%v, %q", err, text)
	}
	record{Cause: causeExited}.save(missing, missing)
}

func TestTheTerminationLogIsWrittenInPlace(t *testing.T) {
	directory := t.TempDir()
	log := filepath.Join(directory, "log")
	must(t, os.WriteFile(log, []byte(strings.Repeat("old", 1000)), 0o600))
	before, err := os.Stat(log)
	must(t, err)
	record{Cause: causeWallClock}.save(log, directory)
	after, err := os.Stat(log)
	must(t, err)
	text, err := os.ReadFile(log)
	must(t, err)
	if !os.SameFile(before, after) || decode(t, text).Cause != causeWallClock {
		t.Errorf("replaced, or wrong: %q", text)
	}
}
