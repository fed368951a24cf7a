// Command launcher starts the command of a task or start task inside any image and stays with it until its end.
//
// This file decides what the command line means. It knows nothing of processes, files or signals.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

// version is set when the program is built: -ldflags "-X main.version=…".
var version = "development"

const usage = `usage:
  launcher run --directory DIR --working-directory WD [--wall-clock SECONDS] [--grace SECONDS] [--retries N]
               [--report-only] [--readable] [--name NAME] [--owner NAME/UID] [--retention SECONDS] [--unless FILE]
               [--follow PREFIX] [--termination-log PATH]
               [--rendezvous HOST:PORT --instance I --instances N --cores C --shared DIR --coordination WORD…]
               -- COMMAND [ARGUMENT…]
  launcher prepare --directory DIR --working-directory WD [--report-only] [--readable] [--owner NAME/UID] [--retention SECONDS]
               [--termination-log PATH] -- COMMAND [ARGUMENT…]
  launcher await --record FILE --name NAME [--termination-log PATH]
  launcher defer -- COMMAND [ARGUMENT…]
  launcher install PATH
  launcher version
`

// usageCode is the exit code for a command line that the launcher does not understand.
const usageCode = 2

// maxSeconds bounds durations, about 68 years: more than any limit, and far from overflowing time.Duration.
const maxSeconds = 1<<31 - 1

const defaultTerminationLog = "/dev/termination-log"

// options is the parsed command line of `launcher run`.
type options struct {
	directory        string
	workingDirectory string
	wallClock        time.Duration // 0: no limit
	grace            time.Duration // between SIGTERM and SIGKILL
	retries          int           // further attempts after a failure; -1: without limit
	reportOnly       bool          // exit 0 whatever happened
	name             string        // goes into the record, so that `launcher await` knows whose it is; "": none
	readable         bool          // what the command makes may be read by other users
	unless           string        // a file that, where it is there, keeps the command from starting; "": none
	whose            keep          // goes into the directory; nothing: it is not deleted by its age
	follow           string        // variables whose names begin so are paths, and their links are followed; "": none
	terminationLog   string
	command          []string
	membership                // of the group of a multi-instance task
	shared           string   // the directory that its instances on a node have in common; "": none
	coordination     []string // the command before the command
}

func main() {
	os.Exit(dispatch(os.Args[1:], os.Stdout, os.Stderr))
}

// dispatch performs one subcommand and returns the exit code of the program.
func dispatch(arguments []string, stdout, stderr io.Writer) int {
	if len(arguments) == 0 {
		fmt.Fprint(stderr, usage)
		return usageCode
	}
	switch arguments[0] {
	case "run":
		o, err := parseRun(arguments[1:])
		if err != nil {
			fmt.Fprintf(stderr, "launcher run: %v\n%s", err, usage)
			return usageCode
		}
		return run(o)
	case "prepare":
		p, err := parsePrepare(arguments[1:])
		if err != nil {
			fmt.Fprintf(stderr, "launcher prepare: %v\n%s", err, usage)
			return usageCode
		}
		return p.prepare(stderr)
	case "await":
		w, err := parseAwait(arguments[1:])
		if err != nil {
			fmt.Fprintf(stderr, "launcher await: %v\n%s", err, usage)
			return usageCode
		}
		return w.await(stderr)
	case "defer":
		command, err := parseDefer(arguments[1:])
		if err != nil {
			fmt.Fprintf(stderr, "launcher defer: %v\n%s", err, usage)
			return usageCode
		}
		return deferred(command, stderr)
	case "install":
		if len(arguments) != 2 {
			fmt.Fprint(stderr, usage)
			return usageCode
		}
		if err := install(arguments[1]); err != nil {
			fmt.Fprintf(stderr, "launcher install: %v\n", err)
			return 1
		}
		return 0
	case "version":
		fmt.Fprintln(stdout, version)
		return 0
	}
	fmt.Fprintf(stderr, "launcher: there is no subcommand %q\n%s", arguments[0], usage)
	return usageCode
}

// parseRun reads the arguments after `run`. Its errors name the flag and what is wrong with it.
func parseRun(arguments []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.directory, "directory", "", "")
	flags.StringVar(&o.workingDirectory, "working-directory", "", "")
	wallClock := flags.Int("wall-clock", 0, "")
	grace := flags.Int("grace", 30, "")
	flags.IntVar(&o.retries, "retries", 0, "")
	flags.BoolVar(&o.reportOnly, "report-only", false, "")
	flags.BoolVar(&o.readable, "readable", false, "")
	flags.StringVar(&o.name, "name", "", "")
	flags.StringVar(&o.unless, "unless", "", "")
	flags.StringVar(&o.follow, "follow", "", "")
	whose := keepFlags(flags)
	flags.StringVar(&o.terminationLog, "termination-log", defaultTerminationLog, "")
	o.groupFlags(flags)
	if err := flags.Parse(arguments); err != nil {
		return o, err
	}
	o.command = flags.Args()
	o.wallClock = time.Duration(*wallClock) * time.Second
	o.grace = time.Duration(*grace) * time.Second
	switch {
	case o.directory == "":
		return o, errors.New("--directory is missing: name the task directory")
	case o.workingDirectory == "":
		return o, errors.New("--working-directory is missing: name the directory in which the command starts")
	case *wallClock < 0 || *wallClock > maxSeconds:
		return o, fmt.Errorf("--wall-clock %d: give seconds from 0 (no limit) to %d", *wallClock, maxSeconds)
	case *grace < 0 || *grace > maxSeconds:
		return o, fmt.Errorf("--grace %d: give seconds from 0 to %d", *grace, maxSeconds)
	case o.retries < -1:
		return o, fmt.Errorf("--retries %d: give a number from 0, or -1 for no limit", o.retries)
	case len(o.command) == 0:
		return o, errors.New("there is no command: write it after --")
	}
	var err error
	if o.whose, err = whose(); err != nil {
		return o, err
	}
	return o, o.checkGroup()
}

// groupFlags are for an instance of a multi-instance task.
func (o *options) groupFlags(flags *flag.FlagSet) {
	flags.StringVar(&o.rendezvous, "rendezvous", "", "")
	flags.IntVar(&o.instance, "instance", 0, "")
	flags.IntVar(&o.instances, "instances", 0, "")
	flags.IntVar(&o.cores, "cores", 1, "")
	flags.DurationVar(&o.patience, "patience", groupPatience, "")
	flags.StringVar(&o.shared, "shared", "", "")
	flags.Func("coordination", "", func(word string) error {
		o.coordination = append(o.coordination, word)
		return nil
	})
}

// checkGroup says what is wrong with the flags of an instance.
func (o *options) checkGroup() error {
	switch {
	case o.rendezvous == "":
		return nil
	case o.instances < 1 || o.instance < 0 || o.instance >= o.instances:
		return fmt.Errorf("--instance %d of --instances %d: give a number from 0 that is below theirs", o.instance, o.instances)
	case o.cores < 1:
		return fmt.Errorf("--cores %d: give 1 or more", o.cores)
	case len(o.coordination) == 0:
		return errors.New("--coordination is missing: give one for each word of the coordination command")
	case o.retries != 0:
		return errors.New("--retries is not for an instance of a group, which is tried again as a whole")
	}
	return o.takeToken()
}
