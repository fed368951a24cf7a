package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// noise is what `child bytes` writes.
func noise(seed byte, count int64) []byte {
	var content bytes.Buffer
	_, _ = io.CopyN(&content, rand.NewChaCha8([32]byte{seed}), count)
	return content.Bytes()
}

const large = 100_000_000

func TestLargeBinaryOutputIsTheSameInBothPlaces(t *testing.T) {
	stdout, stderr := noise(1, large), noise(2, large)
	toFiles := func(t *testing.T, r *trial) func() ([]byte, []byte) {
		one, two := filepath.Join(t.TempDir(), "1"), filepath.Join(t.TempDir(), "2")
		for path, target := range map[string]*io.Writer{one: &r.command.Stdout, two: &r.command.Stderr} {
			file, err := os.Create(path)
			must(t, err)
			t.Cleanup(func() { _ = file.Close() })
			*target = file
		}
		return func() ([]byte, []byte) {
			a, _ := os.ReadFile(one)
			b, _ := os.ReadFile(two)
			return a, b
		}
	}
	toPipes := func(_ *testing.T, r *trial) func() ([]byte, []byte) {
		return func() ([]byte, []byte) { return r.stdout.Bytes(), r.stderr.Bytes() }
	}
	for name, arrange := range map[string]func(*testing.T, *trial) func() ([]byte, []byte){"pipes": toPipes, "files": toFiles} {
		t.Run(name, func(t *testing.T) {
			trial := prepareTrial(t, nil, childProgram, "bytes", fmt.Sprint(large))
			logs := arrange(t, trial)
			if code := trial.start().wait(50 * time.Second); code != 0 || trial.record().Message != "" {
				t.Fatalf("got %d, %+v", code, trial.record())
			}
			logOut, logErr := logs()
			if !bytes.Equal(logOut, stdout) || !bytes.Equal(logErr, stderr) {
				t.Errorf("the log differs: %d and %d bytes", len(logOut), len(logErr))
			}
			if trial.file("stdout.txt") != string(stdout) || trial.file("stderr.txt") != string(stderr) {
				t.Error("a file differs")
			}
		})
	}
}

func TestASlowReaderOfOneLogForBothStreams(t *testing.T) {
	t.Parallel()
	const count = 3_000_000
	trial := prepareTrial(t, nil, childProgram, "bytes", fmt.Sprint(count))
	read, write, err := os.Pipe()
	must(t, err)
	trial.command.Stdout, trial.command.Stderr = write, write
	trial.start()
	must(t, write.Close())
	total, buffer := 0, make([]byte, 30_000)
	for {
		n, err := read.Read(buffer)
		if total += n; err != nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if code := trial.wait(20 * time.Second); code != 0 || total != 2*count || trial.record().Message != "" {
		t.Errorf("got %d, %d bytes, %+v", code, total, trial.record())
	}
	if trial.file("stdout.txt") != string(noise(1, count)) || trial.file("stderr.txt") != string(noise(2, count)) {
		t.Error("a file differs")
	}
}

func TestAnOrphanThatHoldsTheOutput(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, orphan, last string }{
		{"silent", "sleep 60", "from the command\n"},
		{"never silent", "while :; do echo busy; done", "busy\n"},
		{"in its own session", "setsid sleep 4", "from the command\n"},
		{"ends soon", "sleep 0.3; echo late", "late\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			begin := time.Now()
			trial := prepareTrial(t, nil, "/bin/sh", "-c", "("+c.orphan+") & echo from the command; exit 3")
			read, write, err := os.Pipe()
			must(t, err)
			trial.command.Stdout, trial.command.Stderr = write, nil
			trial.start()
			must(t, write.Close())
			log, err := io.ReadAll(read)
			must(t, err)
			if code := trial.wait(10 * time.Second); code != 3 || trial.record().Cause != causeExited {
				t.Errorf("got %d, %+v", code, trial.record())
			}
			if took := time.Since(begin); took > 8*time.Second {
				t.Errorf("took %v", took)
			}
			if got := trial.file("stdout.txt"); got != string(log) || !strings.HasSuffix(got, c.last) || !strings.Contains(got, "from the command\n") {
				t.Errorf("file %d bytes, log %d bytes", len(got), len(log))
			}
		})
	}
}

func TestALogThatNobodyReads(t *testing.T) {
	t.Parallel()
	const count = 3_000_000
	cases := []struct {
		name  string
		close bool
		lost  string
	}{{"closed", true, fmt.Sprintf("missing %d bytes", count)}, {"stuck", false, "The container log is missing"}}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			trial := prepareTrial(t, nil, childProgram, "bytes", fmt.Sprint(count))
			read, write, err := os.Pipe()
			must(t, err)
			if trial.command.Stdout = write; c.close {
				must(t, read.Close())
			} else {
				defer read.Close()
			}
			if code := trial.start().wait(20 * time.Second); code != 0 || trial.record().Cause != causeExited {
				t.Errorf("got %d, %+v", code, trial.record())
			}
			if !bytes.Equal([]byte(trial.file("stdout.txt")), noise(1, count)) || !strings.Contains(trial.record().Message, c.lost) {
				t.Errorf("%d bytes in the file; %+v", len(trial.file("stdout.txt")), trial.record())
			}
			must(t, write.Close())
		})
	}
}

func TestALogThatBlocksHoldsTheTaskAndLosesNothingAtItsEnd(t *testing.T) {
	t.Parallel()
	trial := prepareTrial(t, []string{"--wall-clock", "1", "--grace", "5"}, childProgram, "bytes", "20000000")
	read, write, err := os.Pipe()
	must(t, err)
	defer read.Close()
	trial.command.Stdout = write
	trial.start()
	must(t, write.Close())
	code := trial.wait(20 * time.Second)
	file := []byte(trial.file("stdout.txt"))
	if code != 143 || trial.record().Cause != causeWallClock {
		t.Errorf("got %d, %+v", code, trial.record())
	}
	if len(file) < queueLimit || !bytes.HasPrefix(noise(1, 20_000_000), file) {
		t.Errorf("the file has %d bytes", len(file))
	}
}

func TestAFullNodeDirectory(t *testing.T) {
	needRoot(t)
	t.Parallel()
	const size, count = 1 << 20, 5_000_000
	trial := prepareTrial(t, nil, childProgram, "bytes", fmt.Sprint(count))
	must(t, os.Mkdir(trial.directory, 0o755))
	must(t, syscall.Mount("tmpfs", trial.directory, "tmpfs", 0, fmt.Sprintf("size=%d", size)))
	t.Cleanup(func() { _ = syscall.Unmount(trial.directory, syscall.MNT_DETACH) })
	if code := trial.start().wait(20 * time.Second); code != 0 {
		t.Errorf("got %d", code)
	}
	out, err := noise(1, count), noise(2, count)
	if !bytes.Equal(trial.stdout.Bytes(), out) || !bytes.Equal(trial.stderr.Bytes(), err) {
		t.Errorf("the log has %d and %d bytes", trial.stdout.Len(), trial.stderr.Len())
	}
	fileOut, fileErr := trial.file("stdout.txt"), trial.file("stderr.txt")
	if !strings.HasPrefix(string(out), fileOut) || !strings.HasPrefix(string(err), fileErr) || len(fileOut)+len(fileErr) == 0 {
		t.Errorf("a file is no beginning of the output: %d and %d bytes", len(fileOut), len(fileErr))
	}
	text, readErr := os.ReadFile(trial.terminationLog)
	must(t, readErr)
	got := decode(t, text)
	for name, missing := range map[string]int{"stdout.txt": count - len(fileOut), "stderr.txt": count - len(fileErr)} {
		want := fmt.Sprintf("The node directory is full: %s is missing its last %d bytes", name, missing)
		if got.Cause != causeExited || !strings.Contains(got.Message, want) {
			t.Errorf("%+v does not say %q", got, want)
		}
	}
}

func TestAFileSizeLimit(t *testing.T) {
	t.Parallel()
	trial := prepareTrial(t, nil, childProgram, "bytes", "3000000")
	trial.command.Args = append([]string{"/bin/sh", "-c", `ulimit -f 2000; exec "$0" "$@"`}, trial.command.Args...)
	trial.command.Path = "/bin/sh"
	if code := trial.start().wait(20 * time.Second); code != 0 || !strings.Contains(trial.record().Message, "file-size limit") {
		t.Errorf("got %d, %+v", code, trial.record())
	}
	if got := trial.stdout.Bytes(); !bytes.Equal(got, noise(1, 3_000_000)) || len(trial.file("stdout.txt")) >= len(got) {
		t.Errorf("log %d, file %d bytes", len(got), len(trial.file("stdout.txt")))
	}
}
