package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/procid"
	"assay/drivers/safefile"
	"assay/reconciler/redact"
)

const (
	tick      = 200 * time.Millisecond  // between two steps of the loop
	lookEvery = 1500 * time.Millisecond // how often desired.json is looked at: a stop in it is obeyed within 2 s
	runGrace  = 10 * time.Second        // between SIGTERM and SIGKILL of a run
	agentFile = "agent.json"
)

// Options say where the agent runs. Zero fields are taken from the environment of the job.
type Options struct {
	Binary     string       // assay, for $(ASSAY), runs and the other nodes
	JobID      string       // of the scheduler
	Node       string       // this node's name
	Nodes      int          // of the allocation
	Listen     string       // address that servers listen on: 127.0.0.1 for a local job, 0.0.0.0 in a cluster
	Advertise  string       // host name under which the other nodes reach this one
	Hardware   http.Handler // this node's counters
	Dashboards fs.FS        // Grafana dashboards that this assay carries
	// Walltime receives drivers.WalltimeSignal; nil: the end of the walltime is not announced.
	Walltime <-chan os.Signal
}

// agent is the state of one supervisor.
type agent struct {
	dir     string
	o       Options
	desired drivers.AgentDesired
	procs   []*process
	runs    []*run
	nodes   *nodes
	guard   *guard
	parent  int            // pid of what started the agent
	ports   map[string]int // process:name -> port
	gpus    *gpus
	relays  *relays
	state   drivers.AgentState
	layout  int // raised when desired.json or a port changed, on which the content of files depends

	told    durable.Watched[drivers.AgentDesired]
	looked  time.Time     // when desired.json was last looked at
	began   time.Time     // the first turn of the loop
	turned  time.Time     // the last one
	awake   time.Duration // between the last two, without a pause
	slept   time.Duration // the pause between them; 0: none
	resumed time.Time     // when the last pause was over

	beat    durable.Beat
	checked time.Time // when both were last looked after
	wrote   time.Time // when state.json was last to be written
	last    string    // state.json as written, without the heartbeat

	digests    sync.Map     // of images, by path, size and time
	secrets    redact.Cache // all that this agent has read
	happened   []drivers.Happening
	happenings uint64
}

// Run supervises the job in dir until ctx ends, or until everything is done and desired.json says to exit then. It
// returns an error when it could not work at all; a server's failure is in state.json.
func Run(ctx context.Context, dir string, o Options) error {
	if err := safe(dir, o.Binary); err != nil {
		return err
	}
	a := newAgent(dir, o)
	defer a.relays.close()
	if err := a.claim(); errors.Is(err, errAgain) {
		return a.again()
	} else if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(a.dir, drivers.LogDir), 0o700); err != nil {
		return fmt.Errorf("starting in %s: %w", dir, err)
	}
	endPredecessors(ctx, a.dir)
	a.guard = startGuard(o.Binary, a.dir)
	go a.watchParent(ctx)
	a.nodes = startNodes(ctx, dir, o)
	end := a.supervise(ctx)
	a.nodes.stop()
	end.Left = a.left()
	a.state.End = &end
	if err := errors.Join(a.lastWord(), a.beat.Close()); err != nil {
		return err // the guard says it instead, if it is left alive
	}
	if end.Left == "" {
		a.guard.close()
	}
	return nil
}

// safe refuses a job directory in which another user could have put what to run, and an assay that is not what its name says:
// the agent starts it again as a guard, for runs, for $(ASSAY) and on the other nodes.
func safe(dir, binary string) error {
	err := safefile.Private(dir)
	if err == nil {
		err = safefile.Program(binary)
	}
	if err != nil {
		return fmt.Errorf("starting in %s: %w", dir, err)
	}
	return nil
}

func newAgent(dir string, o Options) *agent {
	a := &agent{dir: filepath.Clean(dir), o: o, ports: map[string]int{}, gpus: newGPUs(), relays: newRelays(), parent: os.Getppid()}
	a.told.Path, a.beat.Path = filepath.Join(a.dir, drivers.DesiredFile), filepath.Join(a.dir, drivers.BeatFile)
	return a
}

// claimed is agent.json: which process supervises the job, for people who look for it.
type claimed struct {
	procid.ID
	JobID string `json:"jobID"` // of the scheduler
}

// claim makes sure that a job directory never has two agents.
func (a *agent) claim() error {
	err := durable.Writer{}.CreateRecord(filepath.Join(a.dir, agentFile), claimed{procid.Self(), a.o.JobID}, nil)
	if errors.Is(err, fs.ErrExist) {
		var first claimed
		if err := durable.ReadRecord(filepath.Join(a.dir, agentFile), &first); err == nil && first.JobID != "" && first.JobID == a.o.JobID {
			return errAgain
		}
		return fmt.Errorf("starting in %s: an agent has already run there, and a job directory is used once", a.dir)
	}
	if err != nil {
		return fmt.Errorf("starting in %s: %w", a.dir, err)
	}
	return nil
}

// supervise is the loop. It returns how the agent ended.
func (a *agent) supervise(ctx context.Context) drivers.AgentEnd {
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		now := time.Now()
		a.look(now)
		if end := a.over(); end != nil {
			a.endNow()
			return *end
		}
		if end := a.signalled(ctx); end != nil { // before servers that ended by the same signal are found
			a.shutdown()
			return *end
		}
		if a.reported(now) {
			a.converge(now)
		}
		if err := a.report(now, false); err != nil {
			fmt.Fprintln(os.Stderr, err) // into the job's log; the controller sees that the heartbeat stands still
		}
		if a.desired.ExitWhenDone && len(a.procs) == 0 && a.runsDone() {
			return drivers.AgentEnd{Reason: drivers.EndDone}
		}
		<-t.C
	}
}

// reported makes sure that a job whose agent has never reported has started nothing: that is what its end is judged by.
func (a *agent) reported(now time.Time) bool {
	if a.state.Written == 0 && a.desired.Nonce != "" {
		_ = a.report(now, false) // said by the next one
	}
	return a.state.Written > 0
}

// look begins a turn of the loop: desired.json is looked at when that is due.
func (a *agent) look(now time.Time) {
	a.wake(now)
	if a.desired.Nonce != "" && now.Sub(a.looked) < lookEvery {
		return
	}
	a.looked, a.state.Error = now, ""
	if err := a.read(); err != nil {
		a.state.Error = err.Error()
	}
}

// read takes desired.json as it is now. Until there is a good one, the last good one holds.
func (a *agent) read() error {
	d, _, err := a.told.Read()
	switch {
	case err != nil:
		return fmt.Errorf("reading what to run: %w", err)
	case d == nil:
		return fmt.Errorf("reading what to run: there is no %s", a.told.Path)
	case a.desired.Nonce != "" && d.Nonce != a.desired.Nonce:
		return fmt.Errorf("desired.json is for submission %s, this is %s", d.Nonce, a.desired.Nonce)
	}
	if d.Generation != a.desired.Generation {
		a.desired = *d
		a.layout++
		a.relays.setTargets(d.Relays, d.RelayKey)
		a.nodes.serveFiles(d.Processes)
	}
	return nil
}

// converge moves every process and run one step towards what is wanted.
func (a *agent) converge(now time.Time) {
	for _, want := range a.desired.Processes {
		i := slices.IndexFunc(a.procs, func(p *process) bool { return p.want.Name == want.Name })
		if i < 0 {
			a.procs = append(a.procs, newProcess(a, want, now))
			continue
		}
		a.procs[i].adopt(want, now)
	}
	for _, p := range a.procs {
		if !slices.ContainsFunc(a.desired.Processes, func(w drivers.Process) bool { return w.Name == p.want.Name }) {
			p.remove(now)
		}
		p.step(now)
	}
	a.procs = slices.DeleteFunc(a.procs, func(p *process) bool { return p.gone() })
	for _, want := range a.desired.Runs {
		i := slices.IndexFunc(a.runs, func(r *run) bool { return r.want.ID == want.ID })
		if i < 0 {
			a.runs = append(a.runs, newRun(a, want))
			i = len(a.runs) - 1
		}
		a.runs[i].want.Cancel = a.runs[i].want.Cancel || want.Cancel
	}
	for _, r := range a.runs {
		r.step(now)
	}
}

// runsDone reports whether every wanted run was begun, and all have ended. Runs that are no longer wanted stay known.
func (a *agent) runsDone() bool {
	for _, want := range a.desired.Runs {
		if !slices.ContainsFunc(a.runs, func(r *run) bool { return r.want.ID == want.ID }) {
			return false
		}
	}
	return a.runsEnded()
}

// runsEnded reports whether those that were begun have ended.
func (a *agent) runsEnded() bool {
	return !slices.ContainsFunc(a.runs, func(r *run) bool {
		return r.phase == v1alpha1.RunPending || r.phase == v1alpha1.RunRunning
	})
}

// shutdown stops the runs, then the processes, each with its grace.
func (a *agent) shutdown() {
	for _, r := range a.runs {
		r.want.Cancel = true
	}
	a.drain(func(now time.Time) bool {
		for _, r := range a.runs {
			r.step(now)
		}
		return a.runsEnded()
	}, runGrace+5*time.Second)
	var longest time.Duration
	for _, p := range a.procs {
		longest = max(longest, p.want.Grace.Std())
		p.remove(time.Now())
	}
	a.drain(func(now time.Time) bool {
		all := true
		for _, p := range a.procs {
			p.step(now)
			all = all && p.gone()
		}
		return all
	}, longest+5*time.Second)
}

// drain steps until done reports true, and reports meanwhile, so that the heartbeat goes on.
func (a *agent) drain(done func(time.Time) bool, limit time.Duration) {
	for deadline := time.Now().Add(limit); !done(time.Now()) && time.Now().Before(deadline); time.Sleep(tick / 4) {
		_ = a.report(time.Now(), false) // a failure shows in the next report
	}
}
