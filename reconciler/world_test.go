package reconciler

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/fake"
	"assay/reconciler/plan"
	"assay/reconciler/store"
	"assay/reconciler/view"
)

// lag is how long a job may be missing from listings; the settle time has to be longer.
const lag = 6 * time.Second

// sim is one simulated site with the controller that is alive at present.
type sim struct {
	dir         string
	cluster     *fake.Cluster
	other       *fake.Cluster // of another site
	store       *store.Store
	lease       *store.Lease
	loop        *Loop
	v           variant
	cannotFence bool
	rng         *rand.Rand
	asks        *rand.Rand             // of what happens to runs, for the same reason
	reads       *rand.Rand             // of what readers do, so that they change no story
	absence     time.Duration          // the longest time without a controller
	crash       func(call string) bool // nil: never
	crashRate   float64
	step        time.Duration
	note        func(format string, args ...any)

	// what is declared at present
	model      string
	slots      int
	scaled     bool // a metric scales llm: slots is its least number
	loads      loads
	repeats    int // of each deployment
	deploys    int // deployments of llm that bench measures
	limit      time.Duration
	restarts   int           // jobs of a seat that can fail in a row
	timeout    time.Duration // of a run
	own        bool          // runs of bench get jobs of their own
	schedule   string        // when all is measured again
	search     bool          // a benchmark searches for the servers' capacity
	web        bool
	webNodes   int
	extend     *bool // what the site says of longer walltimes of running jobs
	renews     bool  // web has short walltimes, and its next job overlaps with the last
	suspend    bool
	budget     time.Duration // node-time; 0: none
	gone       bool
	quiet      bool
	backAt     time.Time // no controller acts until then
	killed     bool      // the last one was killed, so that another has to be started
	reader     *view.Reader
	status     []v1alpha1.ExperimentStatus
	thawAt     time.Time
	generation int64
	broken     error
	readings   time.Duration
	disk       disk
	flights    flights
	copies     int             // of the state directory
	soundAt    time.Time       // when a silence ends; zero: none
	echo       time.Time       // until then the controller can have an answer of before it reached the servers again
	offset     time.Duration   // of the controller's clock
	setBack    time.Time       // when it was last set back
	skewed     bool            // it was wrong once
	endured    bool            // a long silence was lived through
	cut        bool            // the controller reaches no server
	judged     map[string]bool // nonces of jobs that were ended although they answered
	replaced   map[string]bool // nonces of jobs that assay ended on its own account
}

func newSim(t *testing.T, seed uint64, v variant, trace func(string) (int, error)) (*sim, error) {
	base := "/dev/shm"
	if _, err := os.Stat(base); err != nil {
		base = t.TempDir()
	}
	dir, err := os.MkdirTemp(base, "assay-sim-*")
	if err != nil {
		return nil, err
	}
	w := &sim{dir: dir, v: v, rng: rand.New(rand.NewPCG(seed, 2)), reads: rand.New(rand.NewPCG(seed, 3)), asks: rand.New(rand.NewPCG(seed, 4)), absence: memory(seed) - 15*time.Second, step: 4 * time.Second, model: "a", slots: 1, repeats: 2,
		limit: 12 * time.Hour, restarts: 1000, timeout: 5 * time.Minute, web: true, webNodes: 1, judged: map[string]bool{}, replaced: map[string]bool{}, note: func(string, ...any) {}}
	w.flights = newFlights(seed)
	w.loads = loads{rng: rand.New(rand.NewPCG(seed, 7)), load: loadTarget}
	w.deploys = 1
	if seed%4 == 1 {
		w.deploys = 2
	}
	w.crashRate = []float64{0, 0.001, 0.004, 0.02}[w.rng.IntN(4)]
	w.cluster = fake.New(fake.Options{Seed: seed, Nodes: 10, Lag: lag, Queue: 8 * time.Second, EndDelay: 6 * time.Second,
		Memory: memory(seed), Startup: 5 * time.Second, RunTime: []time.Duration{time.Second, 9 * time.Second, 9 * time.Second}[seed%3],
		Warn: 30 * time.Second, Hook: w.hook, Unfenced: unfenced(seed), Extends: seed%20 == 8})
	if seed%10 == 8 {
		w.extend = &[]bool{true}[0]
	}
	w.other, w.cannotFence = otherCluster(seed), unfenced(seed)
	if trace != nil {
		w.note = func(format string, args ...any) {
			_, _ = trace(fmt.Sprintf("%s %s\n", w.cluster.Now().Format("15:04:05"), fmt.Sprintf(format, args...)))
		}
	}
	w.cluster.AddForeign("assay.exp.llm.0", drivers.Tag{})
	w.restart()
	w.cluster.AddForeign("assay.exp.llm.0", drivers.Tag{Store: "another", Seat: drivers.Seat{Experiment: "exp", Group: "llm"}, Nonce: "n"})
	return w, nil
}

// unfenced says which stories are told of a scheduler that cannot end what a lost job left behind.
func unfenced(seed uint64) bool { return seed%4 == 3 }

// memory is how long the scheduler knows a job that has ended.
func memory(seed uint64) time.Duration {
	return []time.Duration{40 * time.Second, 150 * time.Second}[seed%2]
}

func (w *sim) close() { _ = os.RemoveAll(w.dir) }

func (w *sim) hook(call string) {
	if w.crash != nil && w.crash(call) {
		panic(crash(call))
	}
	w.dawdle(call)
}

func (w *sim) upTo(d time.Duration) time.Duration { return time.Duration(w.rng.Int64N(int64(d)) + 1) }

// restart brings a new controller up after a crash of the last one; it may crash while it comes up, too.
func (w *sim) restart() {
	w.v.afterCrash(w)
	for w.surviving(w.boot) {
	}
}

func (w *sim) boot() {
	w.room() // without room no controller starts
	w.bury()
	w.flights.kill()
	w.backAt, w.killed = time.Time{}, false
	w.store = w.open(w.dir)
	must(func() error { return w.claim(w.store) })
	w.lease = w.acquire(w.store)
	w.loop = w.loopOver(w.store, w.lease, w.cluster)
	w.loop.Place = w.place
	w.loop.spawn = w.spawn
}

// loopOver is a controller of a store.
func (w *sim) loopOver(s *store.Store, lease *store.Lease, c *fake.Cluster) *Loop {
	every := v1alpha1.Duration(2 * time.Second)
	site := v1alpha1.Site{Metadata: v1alpha1.Metadata{Name: simPlace.Site}, Spec: v1alpha1.SiteSpec{Poll: v1alpha1.Poll{Every: every, AtMost: 4 * every}, Submit: v1alpha1.Submitting{Parallel: 64}, Extend: w.extend}}
	l := &Loop{
		Store: s, Lease: lease, Site: site, Scheduler: w.v.scheduler(c, w.cannotFence), Compile: compileSim,
		Probe:  w.probe,
		Binary: "/bin/assay", Clock: w.now, workers: 1, spawn: func(f func()) { f() }, steady: w.passing, decide: w.watched, scaled: scaled{values: &w.loads},
		Policy: plan.Policy{Settle: 15 * time.Second, Stale: 30 * time.Second, BackoffMax: 10 * time.Second,
			Proven: 10 * time.Minute, RunAttempts: 1000, Hold: 5 * time.Minute},
	}
	if w.v.settle != 0 {
		l.Policy.Settle = w.v.settle
	}
	if w.v.tellAgain {
		l.told = map[string]uint64{}
	}
	return l
}

// now is the clock of the controller's host: the cluster's, unless somebody set it, a little later with every reading: so no two records are of the same time, their order does
// not depend on random nonces, and a seed replays exactly.
func (w *sim) now() time.Time {
	w.readings++
	return w.cluster.Now().Add(w.offset + w.readings*time.Nanosecond)
}

// passing is the time that really passes.
func (w *sim) passing() time.Time { return w.cluster.Now() }

// bury makes the last lease's holder look dead, as it would be had its process been killed.
func (w *sim) bury() {
	leases, err := filepath.Glob(filepath.Join(w.dir, "lease", "0*.json"))
	if err != nil || len(leases) == 0 {
		return
	}
	last := leases[len(leases)-1] // Glob sorts
	b, err := os.ReadFile(last)
	if err != nil {
		panic(err)
	}
	dead := strings.Replace(string(b), `"start": "`, `"start": "dead`, 1)
	if err := os.WriteFile(last, []byte(dead), 0o600); err != nil {
		panic(err)
	}
}

func must(f func() error) {
	if err := f(); err != nil {
		panic(err)
	}
}

// compileSim stands in for drivers/service: the processes are simulated by the cluster anyway.
func compileSim(_ v1alpha1.Site, _ v1alpha1.Experiment, s v1alpha1.Service) (drivers.Compiled, error) {
	switch {
	case s.External != nil:
		return drivers.Compiled{Kind: "external", URL: s.External.URL, Processes: []drivers.Process{{Probes: []drivers.Probe{{Path: "/"}}}}}, nil
	case s.VLLM != nil:
		return drivers.Compiled{Kind: "vllm", Simulated: true, Model: s.VLLM.Model, Processes: []drivers.Process{{
			Name: s.Name, Argv: []string{"serve", s.VLLM.Model}, Probes: []drivers.Probe{{Path: "/v1/models", Model: s.VLLM.Model}}, Metrics: "/metrics",
			Data: "/data/" + s.Name}}}, nil
	case s.Process != nil:
		return drivers.Compiled{Kind: "process", Processes: []drivers.Process{{Name: s.Name, Argv: s.Process.Command, Probes: []drivers.Probe{{}}}}}, nil
	}
	return drivers.Compiled{}, errors.New("no such kind")
}

// webTime is the walltime of web where it is renewed: some hand-overs fit into a story.
const webTime = 3 * time.Minute

// manifest is what is declared at present.
func (w *sim) manifest() v1alpha1.Experiment {
	one := 1
	restart := v1alpha1.RestartPolicy{Limit: &w.restarts, Backoff: v1alpha1.Duration(time.Second)}
	ready := v1alpha1.Readiness{Within: v1alpha1.Duration(5 * time.Minute)}
	services := []v1alpha1.Service{
		{Name: "llm", VLLM: &v1alpha1.VLLM{Model: w.model}, Replicas: w.replicas(), Nodes: &one, Restart: restart, Ready: ready,
			Resources: v1alpha1.Resources{Time: v1alpha1.Duration(w.limit)}},
		{Name: "ext", External: &v1alpha1.External{URL: "http://elsewhere:1", Type: "chroma"}},
	}
	if w.web {
		services = append(services, v1alpha1.Service{Name: "web", Process: &v1alpha1.Process{Command: []string{"web"}}, Nodes: &w.webNodes,
			DependsOn: []string{"llm"}, Restart: restart, Ready: ready, Resources: v1alpha1.Resources{Time: v1alpha1.Duration(12 * time.Hour)}})
		if web := &services[len(services)-1]; w.renews {
			web.Resources.Time = v1alpha1.Duration(webTime)
			web.Renew = v1alpha1.Renewal{Policy: v1alpha1.Overlap, Drain: v1alpha1.Duration(6 * time.Second)}
		}
	}
	timeout, on := v1alpha1.Duration(w.timeout), v1alpha1.RunOn{On: v1alpha1.OnTarget}
	if w.own {
		on.On = v1alpha1.OnJob
	}
	benchmarks := []v1alpha1.Benchmark{{Name: "fetch", Target: "ext", Timeout: timeout, Vector: &v1alpha1.Vector{}}}
	if w.repeats > 0 {
		benchmarks = slices.Insert(benchmarks, 0, v1alpha1.Benchmark{Name: "bench", Target: "llm", Timeout: timeout, Run: &on,
			Repeats: &v1alpha1.Repeats{Runs: w.repeats, Deployments: w.deploys}, Serving: &v1alpha1.Serving{Dataset: "json"}})
	}
	if w.search {
		benchmarks = append(benchmarks, w.searches(timeout, on))
	}
	return v1alpha1.Experiment{
		APIVersion: v1alpha1.APIVersion, Kind: v1alpha1.KindExperiment, Metadata: v1alpha1.Metadata{Name: "exp"},
		Spec: v1alpha1.ExperimentSpec{Suspend: w.suspend, Services: services, Benchmarks: benchmarks, Budget: w.bounded(), Schedule: w.schedule},
	}
}

// apply accepts the manifest as it is now, as the command line would: without the lease.
func (w *sim) apply() {
	if w.disk.err != nil {
		w.note("nothing can be applied")
		return
	}
	for {
		var err error
		crashed := w.surviving(func() {
			r := store.Revision{Experiment: "exp", Owner: "apply", Prune: true, Origin: drivers.Origin{Time: w.cluster.Now()}, Deleting: w.gone, Spec: clone(w.manifest()), Site: w.loop.Site}
			var outcome store.Outcome
			r, outcome, err = w.store.Accept(r)
			if err == nil {
				w.generation = r.Generation
				w.note("accept %d %s", r.Generation, outcome)
			}
		})
		if err != nil {
			panic(err)
		}
		if !crashed {
			return
		}
	}
}
