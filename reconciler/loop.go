package reconciler

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// parallel is how many files are read, or calls made, at once.
const parallel = 8

// Prober checks one probe of the server at base, which may ask for a token, and returns the models that it lists. reconciler/probe implements it.
type Prober func(ctx context.Context, base, token string, p drivers.Probe) (models []string, err error)

// Loop reconciles one site. Set the exported fields before the first call and leave them alone afterwards.
type Loop struct {
	Store     *store.Store
	Lease     *store.Lease // nil: only Preview and Observe may be called
	Site      v1alpha1.Site
	Scheduler drivers.Scheduler // may also be a Reconfigurer, an Accountant and a Fencer
	Metrics   drivers.Metrics   // nil: nothing is known of scraping
	Folders   drivers.Folders   // nil: the site has no directory targets
	Compile   Compiler
	Probe     Prober
	Binary    string // path of the assay that jobs run
	Policy    plan.Policy
	Place     func(context.Context) (drivers.Place, error) // where this process is; nil: not compared with the store's
	Clock     func() time.Time                             // default time.Now
	Log       *slog.Logger                                 // default: discard

	mu         sync.Mutex // one pass at a time
	workers    int
	decide     func(plan.Desired, plan.Observed) plan.Result
	pause      func(context.Context, time.Duration)
	compiled   map[string]compiled
	listing    listing
	placed     bool // the store belongs to where this process is
	still      stillness
	external   map[string]aged[plan.External]
	witnesses  map[string]aged[map[string]string] // by nonce: what the servers of a silent agent answered
	scraped    aged[plan.Metrics]
	folders    map[string]aged[plan.Folder]
	passes     int
	metricsAt  time.Time
	measured   measured
	requests   answering
	heard      bool            // a reader has waited for heartbeats once
	unexported map[string]bool // experiments whose metrics could not be stored
	heads      *store.HeadsReader
	published  map[string]v1alpha1.ExperimentStatus // the status as last written
	confirmed  store.Observed                       // when last said that all of them hold
	recorded   map[eventKey]time.Time               // when an event was last written
	targets    string                               // fingerprint of the targets as last handed over

	prepared sync.Once
}

// compiled is one revision's compilation, good or bad.
type compiled struct {
	plan.Experiment
	err error
}

// prepare fills in defaults and reads what was last published, once.
func (l *Loop) prepare() {
	l.prepared.Do(func() {
		if l.Clock == nil {
			l.Clock = time.Now
		}
		if l.Log == nil {
			l.Log = slog.New(slog.DiscardHandler)
		}
		if l.workers == 0 {
			l.workers = parallel
		}
		if l.decide == nil {
			l.decide = plan.Plan
		}
		if l.pause == nil {
			l.pause = pause
		}
		l.compiled, l.still, l.recorded = map[string]compiled{}, stillness{}, map[eventKey]time.Time{}
		l.published, l.unexported = map[string]v1alpha1.ExperimentStatus{}, map[string]bool{}
		l.heads = &store.HeadsReader{Store: l.Store}
		poll := l.Site.Spec.Poll
		l.listing = listing{every: poll.Every.Std(), atMost: poll.AtMost.Std()}
		all, err := l.Store.Statuses()
		if err != nil { // a status is rebuilt; only its transition times are lost
			l.Log.Warn("reading the last status", "error", err)
		}
		for _, s := range all {
			l.published[s.Name] = s
		}
	})
}

// Pass observes the world, decides, and acts: one whole round. It needs the lease, and waits for a pass that is under way.
// An error means that the round could not be made: the journal is unreadable, or the lease is lost (store.ErrLeaseLost).
func (l *Loop) Pass(ctx context.Context) (plan.Result, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.prepare()
	began := l.Clock()
	if err := l.Lease.Check(); err != nil {
		return plan.Result{}, err
	}
	l.readRequests()
	heads, err := l.heads.Heads(l.Clock())
	if err != nil {
		return plan.Result{}, fmt.Errorf("reading what is wanted: %w", err)
	}
	d, broken := l.desired(heads)
	o, err := l.observe(ctx, d)
	if err != nil {
		return plan.Result{}, err
	}
	if err := ctx.Err(); err != nil {
		return plan.Result{}, err // calls that we cut short ourselves say nothing about the world
	}
	broken = append(broken, l.withoutUnread(&d, heads, o)...)
	r := l.decide(d, o)
	r.Status = append(r.Status, broken...)
	l.answer(r.Status, began, o)
	x := &executor{Loop: l, attempts: map[string]plan.Attempt{}, generation: map[string]int64{}, forgotten: map[string]bool{}, unfenced: map[drivers.Seat]bool{}}
	for _, a := range o.Attempts {
		x.attempts[a.Nonce] = a
	}
	for _, e := range d.Experiments {
		x.generation[e.Name] = e.Generation
	}
	if err := x.execute(ctx, r.Actions); err != nil {
		return r, err
	}
	err = l.publish(ctx, r, o.Now, x.forgotten)
	l.writeMetrics(r, d, o, began)
	return r, err
}

// desired compiles the newest revision of every experiment, each revision once. One that does not compile is left out: its
// jobs stay as they are, and its status gives the error.
func (l *Loop) desired(heads []store.Revision) (plan.Desired, []v1alpha1.ExperimentStatus) {
	d := plan.Desired{Store: l.Store.ID(), Policy: l.Policy}
	var broken []v1alpha1.ExperimentStatus
	keep := make(map[string]compiled, len(heads))
	for _, rev := range heads {
		key := fmt.Sprintf("%s %d %s", rev.Experiment, rev.Generation, rev.Hash)
		c, ok := l.compiled[key]
		if !ok {
			c.Experiment, c.err = compile(rev, l.Compile)
			c.Prepare()
		}
		keep[key] = c
		if c.err != nil {
			broken = append(broken, l.stuck(rev, plan.InvalidRevision, c.err))
			continue
		}
		d.Experiments = append(d.Experiments, c.Experiment)
	}
	l.compiled = keep
	return d, broken
}

// stuck is the status of an experiment that no rule sees: this assay cannot compile it, or not read its runs.
func (l *Loop) stuck(rev store.Revision, reason plan.Reason, err error) v1alpha1.ExperimentStatus {
	now := l.Clock()
	condition := func(typ, status string) v1alpha1.Condition {
		c := v1alpha1.Condition{Type: typ, Status: status, Reason: string(reason), Message: err.Error(), LastTransitionTime: now, ObservedGeneration: rev.Generation}
		if before := v1alpha1.Find(l.published[rev.Experiment].Conditions, typ); before.Status == status {
			c.LastTransitionTime = before.LastTransitionTime
		}
		return c
	}
	return v1alpha1.ExperimentStatus{
		Name: rev.Experiment, Site: rev.Site.Metadata.Name, Revision: rev.Hash, Generation: rev.Generation, Observed: now,
		Conditions: []v1alpha1.Condition{
			condition(v1alpha1.Ready, v1alpha1.Unknown), condition(v1alpha1.Reconciling, v1alpha1.False),
			condition(v1alpha1.Stalled, v1alpha1.True), condition(v1alpha1.Complete, v1alpha1.False),
		},
	}
}
