package main

// This file keeps an instance of a multi-instance task in touch with the agent at which its group meets: it says how far
// the instance is, and hears how far all may go. It does not know what an instance does.
//
// Both are levels: after a lost connection, or an agent that starts anew, the last word is said again.

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"time"
)

const (
	dialLimit  = 5 * time.Second
	dialPause  = 200 * time.Millisecond
	writeLimit = 5 * time.Second
	lastWord   = 2 * time.Second // for the last report to leave
	longLine   = 1 << 20         // bytes: the longest answer names some ten thousand hosts
)

// How far an instance is.
const (
	stateJoined = "joined"
	stateReady  = "ready"
	stateEnded  = "ended"
	stateFailed = "failed"
)

// How far all may go.
const (
	phaseGathering    = "gathering"
	phaseCoordinating = "coordinating"
	phaseRunning      = "running"
	phaseOver         = "over"
)

// membership says which instance of which group this is, and where the group meets.
type membership struct {
	rendezvous string // host:port; "": no instance of any group
	instance   int    // 0 is the primary
	instances  int
	cores      int
	address    string // its own
	token      string
	patience   time.Duration // for an agent that cannot be reached before the primary may run
}

// report is one line to the agent.
type report struct {
	Token     string `json:"token"`
	Instance  int    `json:"instance"`
	Instances int    `json:"instances"`
	Address   string `json:"address"`
	Cores     int    `json:"cores"`
	State     string `json:"state"`
	Message   string `json:"message,omitempty"`
}

// host is one instance as the others see it.
type host struct {
	Address string `json:"address"`
	Cores   int    `json:"cores"`
}

// answer is one line from the agent.
type answer struct {
	Phase string `json:"phase"`
	Hosts []host `json:"hosts"` // in the order of instances, once all are there
	Why   string `json:"why"`   // it is over without the primary's end
}

// meeting is the instance's side of it. News is read by one goroutine, which is also the only one to call say and leave.
type meeting struct {
	membership
	news chan answer
	says chan report
	done chan struct{} // closed: the last word is said
	left chan struct{} // closed: nothing more is sent
}

// attend joins the meeting, and stays in touch until leave.
func (m membership) attend() *meeting {
	met := &meeting{m, make(chan answer, 64), make(chan report, 4), make(chan struct{}), make(chan struct{})}
	go met.keepInTouch(met.word(stateJoined, ""))
	return met
}

func (m *meeting) word(state, message string) report {
	return report{m.token, m.instance, m.instances, m.address, m.cores, state, message}
}

// say tells how far the instance is.
func (m *meeting) say(state, message string) { m.says <- m.word(state, message) }

// leave ends it. What was said before is sent first, if that takes no longer than lastWord.
func (m *meeting) leave() {
	close(m.done)
	select {
	case <-m.left:
	case <-time.After(lastWord):
	}
}

// keepInTouch connects again and again. Until the primary may run, an agent that cannot be reached ends the meeting.
func (m *meeting) keepInTouch(last report) {
	defer close(m.left)
	running, lost := false, time.Now()
	for {
		connection, err := net.DialTimeout("tcp", m.rendezvous, dialLimit)
		if err == nil {
			var over bool
			if last, running, over = m.talk(connection, last, running); over {
				return
			}
			lost = time.Now()
		} else if !running && m.patience > 0 && time.Since(lost) > m.patience {
			m.news <- answer{Phase: phaseOver, Why: fmt.Sprintf("The agent at %s, where the group meets, could not be reached for %v: %v.", m.rendezvous, m.patience, err)}
			running = true
		}
		select {
		case <-m.done:
			return
		case last = <-m.says:
		case <-time.After(dialPause):
		}
	}
}

// talk says the last word, then passes words on both ways until the connection or the meeting ends.
func (m *meeting) talk(connection net.Conn, last report, running bool) (said report, runs, over bool) {
	defer connection.Close()
	heard, closed := make(chan answer), make(chan struct{})
	defer close(closed)
	go listen(connection, heard, closed)
	if send(connection, last) != nil {
		return last, running, false
	}
	for {
		select {
		case one, open := <-heard:
			if !open {
				return last, running, false
			}
			running = running || one.Phase == phaseRunning
			select {
			case m.news <- one:
			case <-m.done:
			}
		case last = <-m.says:
			if send(connection, last) != nil {
				return last, running, false
			}
		case <-m.done:
			for {
				select {
				case last = <-m.says:
					_ = send(connection, last)
					continue
				default:
				}
				return last, running, true
			}
		}
	}
}

func send(connection net.Conn, one report) error {
	text, err := json.Marshal(one)
	if err != nil {
		panic(err) // strings and integers always encode
	}
	_ = connection.SetWriteDeadline(time.Now().Add(writeLimit))
	_, err = connection.Write(append(text, '\n'))
	return err
}

// listen passes on what the agent says, and closes heard when it says no more.
func listen(connection net.Conn, heard chan<- answer, closed <-chan struct{}) {
	defer close(heard)
	lines := bufio.NewScanner(connection)
	lines.Buffer(nil, longLine)
	for lines.Scan() {
		var one answer
		if json.Unmarshal(lines.Bytes(), &one) != nil {
			return
		}
		select {
		case heard <- one:
		case <-closed:
			return
		}
	}
}
