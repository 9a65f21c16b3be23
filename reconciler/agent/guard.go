package agent

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"assay/drivers/procid"
)

// A guard is a child of the agent that outlives it by a moment: it reads a pipe whose only write end the agent holds, so it
// learns of the agent's end however that came about, SIGKILL included, and then ends everything that the agent started
// (orphans.go). A parent-death signal would not do: it reaches a child but not what the child started, it is bound to the
// thread that forks, and programs that change their user lose it.

const (
	jobMarker    = "ASSAY_JOB_DIR=" // in the environment of everything that the agent starts
	guardAgain   = time.Second      // between two guards, when one was killed
	guardReadyBy = time.Second      // a guard that does not read by then is not waited for
)

// order is one line of what the agent tells its guard.
type order struct {
	Leader  procid.ID `json:"leader,omitzero"`   // of a process group
	Ended   bool      `json:"ended,omitempty"`   // the group has ended
	Cleanup []string  `json:"cleanup,omitempty"` // argv to run once the group was killed
	Done    bool      `json:"done,omitempty"`    // everything has ended in order
}

// guard is the agent's side.
type guard struct {
	binary, dir string
	mu          sync.Mutex
	pipe        *os.File // nil: no guard runs
	groups      map[int]order
	closed      bool
	said        string // the last error, so that it is not repeated every second
}

// startGuard starts the guard of a job directory, and another when that one is killed. Without a binary there is none.
func startGuard(binary, dir string) *guard {
	g := &guard{binary: binary, dir: dir, groups: map[int]order{}}
	if binary != "" {
		g.start()
	}
	return g
}

func (g *guard) start() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return
	}
	r, w, err := os.Pipe()
	if err != nil {
		g.failed(err)
		return
	}
	cmd := exec.Command(g.binary, "agent-guard", g.dir)
	cmd.Stdin, cmd.Stderr = r, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // what is sent to the agent's group is not meant for it
	err = cmd.Start()
	_ = r.Close() // the guard has its own
	if err != nil {
		_ = w.Close()
		g.failed(err)
		return
	}
	g.pipe = w
	for _, o := range g.groups {
		g.tell(o)
	}
	go func() {
		_ = cmd.Wait() // why it ended does not matter
		g.again(w)
	}()
}

// failed is called with the lock held. An agent without a guard serves all the same, and tries again.
func (g *guard) failed(err error) {
	if g.said != err.Error() {
		g.said = err.Error()
		fmt.Fprintln(os.Stderr, "starting the agent's guard:", err)
	}
	time.AfterFunc(guardAgain, g.start)
}

func (g *guard) again(w *os.File) {
	g.mu.Lock()
	defer g.mu.Unlock()
	_ = w.Close()
	g.pipe = nil
	if !g.closed {
		time.AfterFunc(guardAgain, g.start)
	}
}

// tell is called with the lock held. A guard that does not read has ended or soon has, and the next one is told everything.
func (g *guard) tell(o order) {
	if g.pipe == nil {
		return
	}
	b, err := json.Marshal(o)
	if err == nil {
		_ = g.pipe.SetWriteDeadline(time.Now().Add(guardReadyBy))
		_, _ = g.pipe.Write(append(b, '\n'))
	}
}

// watch makes the guard responsible for a process group.
func (g *guard) watch(leader int, cleanup []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	o := order{Leader: procid.Of(leader), Cleanup: cleanup}
	g.groups[leader] = o
	g.tell(o)
}

// ended tells the guard that a group has ended.
func (g *guard) ended(leader int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	o := g.groups[leader]
	delete(g.groups, leader)
	o.Ended, o.Cleanup = true, nil
	g.tell(o)
}

// close lets the guard go: everything has ended.
func (g *guard) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	g.tell(order{Done: true})
	if g.pipe != nil {
		_ = g.pipe.Close() // again closes it, too
	}
}
