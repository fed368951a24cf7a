// Command child is what the tests let the launcher run where no shell will do.
package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

func main() {
	switch os.Args[1] {
	case "signals": // writes the number of each signal it gets, until killed
		caught := make(chan os.Signal, 100)
		signal.Notify(caught)
		fmt.Println("ready")
		for number := range caught {
			if number != syscall.SIGURG {
				fmt.Println(int(number.(syscall.Signal)))
			}
		}
	case "bytes": // writes N pseudo-random bytes to stdout and N others to stderr, from one seed each
		count := number(os.Args[2])
		written := make(chan struct{})
		go func() { _, _ = io.CopyN(os.Stderr, noise(2), count); close(written) }()
		_, _ = io.CopyN(os.Stdout, noise(1), count)
		<-written
	case "zombies": // leaves N orphans that end at once, and stays
		for range number(os.Args[2]) {
			_ = exec.Command("/bin/sh", "-c", "(exit 0) & (exit 0) &").Run()
		}
		fmt.Println("left")
		time.Sleep(time.Minute)
	case "hello":
		fmt.Println("hello from", os.Getuid())
		os.Exit(int(number(os.Args[2])))
	}
}

func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(err)
	}
	return n
}

func noise(seed byte) io.Reader { return rand.NewChaCha8([32]byte{seed}) }
