package reconciler

import (
	"cmp"
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
	Passed    func(error)                                  // is told of every pass that Run makes; nil: nobody

	mu         sync.Mutex // one pass at a time
	beside     *beside    // what passes have begun
	spawn      func(func())
	pace       pace // of submissions
	workers    int
	steady     func() time.Time     // Clock, but for steps of the system's clock: for the time that passes while this process lives
	down       map[string]time.Time // since when Prometheus does not reach a target
	decide     func(plan.Desired, plan.Observed) plan.Result
	pause      func(context.Context, time.Duration)
	compiled   map[string]compiled
	listing    listing
	clock      clock
	placed     bool // the store belongs to where this process is
	still      stillness
	files      map[string]*store.JobFiles // by nonce, of open attempts
	told       map[string]uint64          // by nonce: up to which happening there are events; nil: not known yet
	external   map[string]aged[plan.External]
	witnesses  map[string]asked // by nonce: what the servers of a silent agent answered
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
	addresses  map[[2]string]string                 // by experiment and service: what its address file holds; nil: not known yet
	handed     []drivers.Target                     // the targets as last handed over
	damage     damage
	renewal    renewal
	scaled     scaled
	events     []store.Event    // not written yet
	generation map[string]int64 // by experiment, as the last pass found it

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
		if l.steady == nil {
			l.steady = l.Clock // time.Now carries a reading of the monotonic clock, and subtractions use it
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
		if l.spawn == nil {
			l.spawn = func(f func()) { go f() }
		}
		submit := l.Site.Spec.Submit
		l.beside, l.pace.perSecond = newBeside(l.spawn, l.writeAhead, cmp.Or(submit.Parallel, parallel)), submit.PerSecond
		l.compiled, l.still, l.recorded = map[string]compiled{}, stillness{}, map[eventKey]time.Time{}
		l.published, l.unexported = map[string]v1alpha1.ExperimentStatus{}, map[string]bool{}
		l.heads = &store.HeadsReader{Store: l.Store}
		if l.scaled.answers = map[string]answered{}; l.scaled.values == nil {
			l.scaled.values, _ = l.Metrics.(drivers.Valuer)
		}
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

// Pass observes the world, decides, and begins what follows: one whole round. It needs the lease, and waits for a pass that
// is under way. What it begins goes on beside it: see Finish. An error means that the round could not be made: the journal
// is unreadable, or the lease is lost (store.ErrLeaseLost).
func (l *Loop) Pass(ctx context.Context) (r plan.Result, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.prepare()
	defer func() {
		if err != nil {
			l.beside.give(nil) // what was decided on an older world does not begin any more
		}
	}()
	began := l.Clock()
	l.beside.look()
	if err := cmp.Or(l.resume(), l.takeAll()); err != nil {
		return plan.Result{}, err
	}
	l.readRequests()
	d, broken, err := l.wanted()
	if err != nil {
		return plan.Result{}, err
	}
	o, err := l.observe(ctx, d)
	if err != nil {
		return plan.Result{}, err
	}
	if err := ctx.Err(); err != nil {
		return plan.Result{}, err // calls that we cut short ourselves say nothing about the world
	}
	if err := l.tell(o); err != nil {
		return plan.Result{}, err
	}
	l.remindAll(o)
	d, left := l.leaveOut(d, o)
	broken = append(broken, left...)
	touched := l.beside.hold()
	o.Busy = seatsOf(touched)
	r = l.decide(d, o)
	r.Status, r.Targets = append(r.Status, broken...), append(r.Targets, l.keepTargets(broken)...)
	l.answer(r.Status, began, o)
	l.generation = map[string]int64{}
	for _, e := range d.Experiments {
		l.generation[e.Name] = e.Generation
	}
	forgotten, err := l.execute(ctx, r.Actions, touched)
	if err != nil {
		return r, err
	}
	l.nameDamage()
	if err := cmp.Or(l.takeAll(), l.writeEvents()); err != nil {
		return r, err
	}
	err = l.publish(r, o.Now, forgotten)
	l.writeMetrics(r, d, o, began)
	return r, err
}

// Finish waits until everything that passes have begun or decided on has ended, and writes the events of it. Only ctx
// bounds it: each call of a scheduler has a time limit of its own, and the removal of a directory a long one.
func (l *Loop) Finish(ctx context.Context) error {
	l.mu.Lock()
	l.prepare()
	l.mu.Unlock()
	if err := l.beside.finish(ctx); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return cmp.Or(l.takeAll(), l.writeEvents())
}

// seatsOf are the seats among places.
func seatsOf(places map[place]bool) map[drivers.Seat]bool {
	out := make(map[drivers.Seat]bool, len(places))
	for p := range places {
		if p.what == "" {
			out[p.seat] = true
		}
	}
	return out
}

// desired compiles the newest revision of every experiment, each revision once. One that does not compile is left out: its
// jobs stay as they are, and its status gives the error.
func (l *Loop) desired(heads []store.Revision) (plan.Desired, []v1alpha1.ExperimentStatus) {
	d := plan.Desired{Store: l.Store.ID(), Policy: l.Policy, ScrapeToken: drivers.SecretFile(l.Store.Dir(), drivers.ScrapeToken)}
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
			broken = append(broken, l.invalid(rev, c.err))
			continue
		}
		d.Experiments = append(d.Experiments, c.Experiment)
	}
	l.compiled = keep
	return d, broken
}

// invalid is the status of a revision that this assay cannot compile.
func (l *Loop) invalid(rev store.Revision, err error) v1alpha1.ExperimentStatus {
	return l.stuck(v1alpha1.ExperimentStatus{Name: rev.Experiment, Site: rev.Site.Metadata.Name, Revision: rev.Hash, Generation: rev.Generation},
		plan.InvalidRevision, err.Error())
}

// stuck gives an experiment that no rule sees its conditions.
func (l *Loop) stuck(st v1alpha1.ExperimentStatus, reason plan.Reason, message string) v1alpha1.ExperimentStatus {
	now := l.Clock()
	before := l.published[st.Name].Conditions
	condition := func(typ, status string) v1alpha1.Condition {
		c := v1alpha1.Condition{Type: typ, Status: status, Reason: string(reason), Message: message, LastTransitionTime: now, ObservedGeneration: st.Generation}
		if before := v1alpha1.Find(before, typ); before.Status == status {
			c.LastTransitionTime = before.LastTransitionTime
		}
		return c
	}
	st.Observed, st.Conditions = now, []v1alpha1.Condition{
		condition(v1alpha1.Ready, v1alpha1.Unknown), condition(v1alpha1.Reconciling, v1alpha1.False),
		condition(v1alpha1.Stalled, v1alpha1.True), condition(v1alpha1.Complete, v1alpha1.False),
	}
	return st
}
