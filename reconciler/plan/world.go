package plan

import (
	"time"

	"assay/drivers"
)

// world is Desired and Observed, indexed once so that no rule has to search, and the result as it grows.
type world struct {
	d        Desired
	o        Observed
	known    bool                      // the scheduler answered
	attempts []*Attempt                // oldest first
	attempt  map[string]*Attempt       // by nonce
	jobs     map[string][]*drivers.Job // ours, by nonce; the one with most to lose first (olderJob)
	open     map[drivers.Seat][]*Attempt
	ended    map[drivers.Seat][]*Attempt // by place, oldest first
	ownJobs  map[string][]*Attempt       // experiment/run -> attempts that were made for it, oldest first
	recorded map[FolderRecord]bool
	exps     []*experiment
	byName   map[string]*experiment
	begun    map[string]*Run           // runs that this pass begins, by key
	holds    map[string][]*Run         // by host, server or directory: the active runs that measure there, or come next
	next     map[*Run]bool             // active runs that were not told yet and wait for no other run
	waitsFor map[*Run]cause            // why others of them wait
	fencing  map[drivers.Seat]bool     // an attempt of theirs ends in this pass, once what it left behind has ended
	faults   map[string][sources]cause // by nonce: which sources lost it together with many others
	budget   budget
	avoided  []string // nodes that new jobs stay away from; nil: not found yet
	actions  []Action
	nextPass time.Time
	fileSD   string // the targets in Prometheus' file_sd form, once a rule asked for them
}

// experiment is a desired experiment and what is known of it.
type experiment struct {
	Experiment
	services    []*service
	service     map[string]*service
	allocs      []*allocation
	alloc       map[string]*allocation
	openSeats   []drivers.Seat    // seats that have an open attempt when the pass begins, in order
	occupied    int               // open attempts now
	unknown     []string          // nonces of our jobs that no journal entry explains, in order
	unknownJobs int               // those jobs
	records     []FolderRecord    // directories that it asked for, in order
	runs        []*Run            // those that were open when the pass began, oldest first
	runsIn      map[string][]*Run // runs by the nonce of an open attempt
	past        *Past             // runs that ended before this pass
	byKey       map[string][]*Run // runs by their key, of the keys that a rule asked for or that have an open one: ofKey
	isPast      map[*Run]bool     // of those, what is left of runs that ended before this pass
	*Wanted
	searches []*searching
	point    int               // index of the sweep's point that is served
	serves   map[string]int    // target -> the deployment that is served
	skipped  map[string]int    // benchmark -> runs that a failure has made unwanted
	decided  map[string]string // benchmark -> what is decided, and how many runs are not needed
	spending []*Spending       // of its budget, and of its source's
	broke    cause             // why a job was not submitted: a budget
	unrun    cause             // why a run has no job: a budget
	movesOn  bool              // runs of this point were given up, and the sweep goes on
	blocked  string            // the prune guard's message; empty when it lets the revision pass
	held     cause             // set when a damaged record may be of a job: nothing is submitted
	lost     cause             // set when it is of a job that lives and cannot be rebuilt
	released cause             // set when no seat is wanted at all
	waits    map[string]cause  // benchmark -> why its next run does not start
	relays   map[string]string // where the collector takes telemetry; valid once relayed is set
	relayed  bool
}

// cause is a reason and the sentence that goes with it. The zero value means that there is none.
type cause struct {
	reason  Reason
	message string
}

func (c cause) set() bool { return c.reason != "" }

// service is a declared service and its replicas, one in each seat of its allocation.
type service struct {
	Service
	of       *allocation // nil when it has no seats
	replicas []*replica
	twins    []*replica // by slot, in the second job of a place; nil: in none
	allReady bool       // every replica is Ready, and there is one
	lost     cause      // why no run can start at this point of a sweep; valid once judged is set
	judged   bool
	scaling  scaling // of a scaled service: what this pass found out
}

// seat is a place that an allocation's job fills.
type seat struct {
	id         drivers.Seat
	attempt    *Attempt // open; nil when the seat is free
	job        *drivers.Job
	agent      Agent
	wait       cause // why it is free and stays so for now
	stalled    cause // why it is free and stays so until the spec changes
	failures   int
	instructed map[string]bool // services in the agent's desired state; nil: few enough to search
}

// replica is a service in a seat.
type replica struct {
	*seat
	procs   []*drivers.ProcessState // as the service's Processes; nil: the agent has not begun it
	ready   string                  // v1alpha1.True, False, Unknown
	cause   cause                   // of ready
	givenUp cause                   // why it will not come up in a job that goes on for others
}

// endpoint is the process that users talk to.
func (r *replica) endpoint() *drivers.ProcessState {
	if len(r.procs) == 0 {
		return nil
	}
	return r.procs[0]
}

// do asks for an action, unless an effect is under way at its seat.
func (w *world) do(a Action) {
	if !w.busy(a.Seat) {
		w.actions = append(w.actions, a)
	}
}

// wakeAt asks for the next pass at t, or earlier.
func (w *world) wakeAt(t time.Time) {
	if w.nextPass.IsZero() || t.Before(w.nextPass) {
		w.nextPass = t
	}
}
