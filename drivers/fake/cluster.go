package fake

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"assay/drivers"
)

// Options describe a cluster. The zero value is a small one without lag.
type Options struct {
	Seed     uint64
	Start    time.Time     // first reading of the clock; default 2030-01-01 UTC
	Nodes    int           // default 4; a job gets whole nodes
	Lag      time.Duration // longest time until a submitted job is listed
	Queue    time.Duration // longest time a job is Pending although nodes are free
	EndDelay time.Duration // longest time a job is Completing
	Memory   time.Duration // how long an ended job is listed; default 5m
	Startup  time.Duration // how long a process is Starting
	RunTime  time.Duration // how long a benchmark run takes
	Warn     time.Duration // how long before its walltime is over an agent is told; 0: never, the job ends as Timeout
	Extends  bool          // the owner of a running job may lengthen its limit, as administrators may
	Hook     func(call string)
	Unfenced bool // nothing but its agent ends what a lost job left behind, as on Slurm
}

// Cluster is one simulated cluster. It is safe for concurrent use.
type Cluster struct {
	mu        sync.Mutex
	o         Options
	rng       *rand.Rand
	now       time.Time
	nextID    int
	jobs      []*job // listed or not, in order of submission; forgotten ones are gone
	past      []*job // fallen out of the listing; accounting still knows them
	runaways  []*job // forgotten before they ended
	down      map[string]bool
	muted     map[string]bool // nodes for which the file system is silent
	frozen    bool
	late      []*job // asked for while frozen; true after the thaw
	faults    Faults
	runFaults RunFaults
	ledger    ledger
}

type job struct {
	drivers.Job
	spec      drivers.JobSpec
	listed    time.Time // in listings from here on
	earliest  time.Time // starts no sooner
	gone      time.Time // Completing until here
	final     drivers.JobState
	endReason string
	ended     time.Time
	left      bool      // it ended without its agent's word, so its server runs on (leftover.go)
	obeys     time.Time // of a server that was left: when its agent sees its folder again; zero: there is no agent any more
	outlasts  time.Time // of one without an agent: when it ends; zero: only a fence ends it
	foreign   bool
	held      bool          // by an administrator
	stuck     bool          // it stays Completing
	lingered  bool          // it stayed Completing once
	obscure   bool          // listed in a state that no assay knows
	paused    time.Time     // when it was suspended
	granted   time.Duration // the limit that an administrator gave it, above its own
	agent     agent
}

// New makes a cluster.
func New(o Options) *Cluster {
	if o.Start.IsZero() {
		o.Start = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	o.Nodes = cmp.Or(o.Nodes, 4)
	o.Memory = cmp.Or(o.Memory, 5*time.Minute)
	if o.Hook == nil {
		o.Hook = func(string) {}
	}
	return &Cluster{
		o: o, rng: rand.New(rand.NewPCG(o.Seed, 1)), now: o.Start, nextID: 100,
		down: map[string]bool{}, muted: map[string]bool{}, ledger: newLedger(),
	}
}

// Now reads the cluster's clock.
func (c *Cluster) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock by d, in steps of at most a second for the scheduler; the agents act once, at the end.
func (c *Cluster) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for end := c.now.Add(d); c.now.Before(end); {
		c.now = c.now.Add(min(time.Second, end.Sub(c.now)))
		c.step()
	}
	for _, j := range c.jobs {
		if j.State == drivers.JobRunning {
			c.tick(j)
		}
	}
	for _, j := range slices.Concat(c.past, c.jobs) {
		if j.left {
			c.outlive(j)
		}
	}
}

// step lets time act on every job: ends, then starts, so that freed nodes are used at once.
func (c *Cluster) step() {
	for _, j := range c.jobs {
		switch {
		case j.State == drivers.JobCompleting && j.stuck:
		case j.State == drivers.JobCompleting && !c.now.Before(j.gone):
			j.State, j.Reason, j.ended = j.final, j.endReason, c.now
		case j.State == drivers.JobRunning && !j.Ends.IsZero() && !c.now.Before(j.Ends):
			c.end(j, drivers.JobTimeout, "TimeLimit")
		case j.State == drivers.JobRunning && c.warned(j):
			c.endAgent(j, drivers.EndTimeLimit)
			c.end(j, drivers.JobCompleted, "")
		case j.State == drivers.JobRunning:
			c.script(j)
		}
	}
	c.jobs = slices.DeleteFunc(c.jobs, func(j *job) bool {
		old := j.State.Terminal() && c.now.Sub(j.ended) > c.o.Memory
		if old {
			c.past = append(c.past, j)
		}
		return old
	})
	for _, j := range c.jobs {
		if j.State == drivers.JobPending && !j.held && !c.now.Before(j.earliest) {
			c.start(j)
		}
	}
}

func (c *Cluster) start(j *job) {
	if c.singleton(j) {
		j.Reason = "Dependency"
		return
	}
	free := c.free()
	if len(free) < j.spec.Nodes {
		j.Reason = "Resources"
		return
	}
	j.State, j.Reason, j.Nodes, j.Started = drivers.JobRunning, "", free[:j.spec.Nodes], c.now
	c.hear(j)
	c.bound(j)
}

// bound computes the end of a running job from its limit.
func (c *Cluster) bound(j *job) {
	j.Ends, j.Signalled = time.Time{}, time.Time{}
	if j.Limit == 0 {
		return
	}
	j.Ends = j.Started.Add(j.Limit)
	if c.o.Warn > 0 {
		j.Signalled = j.Ends.Add(-c.o.Warn)
	}
}

// singleton reports whether a job has to wait for an earlier one of its name, of any owner: all jobs here are of one account.
func (c *Cluster) singleton(j *job) bool {
	for _, other := range c.jobs {
		if other == j {
			return false
		}
		if other.Name == j.Name && !other.State.Terminal() {
			return true
		}
	}
	return false
}

func (c *Cluster) free() []string {
	var out []string
	for i := range c.o.Nodes {
		name := fmt.Sprintf("n%d", i+1)
		used := slices.ContainsFunc(c.jobs, func(j *job) bool { return !j.State.Terminal() && slices.Contains(j.Nodes, name) })
		if !used && !c.down[name] {
			out = append(out, name)
		}
	}
	return out
}

// end begins the end of a job; it is Completing for a while, so that its nodes are not free at once.
func (c *Cluster) end(j *job, state drivers.JobState, reason string) {
	c.died(j)
	if j.State == drivers.JobRunning && !j.agent.dead && !j.stuck && (state == drivers.JobCancelled || state == drivers.JobPreempted) {
		c.endAgent(j, drivers.EndSignalled)
	}
	switch {
	case j.State.Terminal() || j.State == drivers.JobCompleting:
	case j.State == drivers.JobPending:
		j.State, j.Reason, j.ended = state, reason, c.now
	default:
		j.State, j.Reason, j.Ends = drivers.JobCompleting, "", c.now
		j.final, j.endReason, j.gone = state, reason, c.now.Add(c.upTo(c.o.EndDelay))
		if state == drivers.JobNodeFail {
			c.leave(j)
		}
	}
}

// script plays jobs that are not agents: the Argv made by Sleep, Exit and Signal.
func (c *Cluster) script(j *job) {
	if len(j.spec.Argv) != 2 {
		return
	}
	n, err := strconv.Atoi(j.spec.Argv[1])
	if err != nil {
		return
	}
	switch {
	case j.spec.Argv[0] == "exit" && n == 0:
		c.end(j, drivers.JobCompleted, "")
	case j.spec.Argv[0] == "exit":
		j.Exit = n
		c.end(j, drivers.JobFailed, "NonZeroExitCode")
	case j.spec.Argv[0] == "signal":
		j.Signal = n
		c.end(j, drivers.JobFailed, "Signalled")
	}
}

// Sleep is the Argv of a job that runs until something ends it.
func Sleep() []string { return []string{"sleep", "forever"} }

// Exit is the Argv of a job that ends with that exit code as soon as it runs.
func Exit(code int) []string { return []string{"exit", strconv.Itoa(code)} }

// Signal is the Argv of a job that dies of that signal as soon as it runs.
func Signal(n int) []string { return []string{"signal", strconv.Itoa(n)} }

func (c *Cluster) upTo(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return time.Duration(c.rng.Int64N(int64(d) + 1))
}

func (c *Cluster) find(id drivers.JobID) *job {
	for _, j := range c.jobs {
		if j.ID == id {
			return j
		}
	}
	return nil
}
