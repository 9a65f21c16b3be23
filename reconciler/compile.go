package reconciler

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/plan"
	"assay/reconciler/plan/admit"
	"assay/reconciler/store"
)

// Compiler turns a declared service into what an agent can run. It is pure; drivers/service implements it.
type Compiler func(site v1alpha1.Site, e v1alpha1.Experiment, svc v1alpha1.Service) (drivers.Compiled, error)

// compile makes plan's view of an accepted revision. Its spec is resolved: defaults are filled in.
func compile(rev store.Revision, c Compiler) (plan.Experiment, error) {
	spec := rev.Spec.Spec
	e := plan.Experiment{
		Name: rev.Experiment, Owner: rev.Owner, Site: rev.Site.Metadata.Name, Revision: rev.Hash, Generation: rev.Generation, Incarnation: rev.Incarnation,
		Commit: rev.Origin.Commit, Suspend: spec.Suspend, StopDone: spec.WhenDone == "Stop", Prune: rev.Prune, Deleting: rev.Deleting,
	}
	first, err := compilePoint(rev, c)
	if err != nil {
		return plan.Experiment{}, err
	}
	e.Budget = plan.BudgetOf(spec.Budget)
	if spec.Schedule != "" {
		if e.Schedule, err = v1alpha1.ParseSchedule(spec.Schedule, time.Local); err != nil {
			return plan.Experiment{}, fmt.Errorf("reading the schedule of experiment %s: %w", rev.Experiment, err)
		}
		e.Accepted = rev.Origin.Time
	}
	e.Waits = waitsOf(rev)
	e.Services, e.Benchmarks = first.Services, first.Benchmarks
	for _, p := range rev.Spec.Points() {
		at := rev
		if at.Spec, err = rev.Spec.At(p); err != nil {
			return plan.Experiment{}, fmt.Errorf("resolving point %s of experiment %s: %w", p, rev.Experiment, err)
		}
		at.Spec = v1alpha1.Default(rev.Site, at.Spec)
		keysAsAccepted(rev.Spec, at.Spec)
		point, err := compilePoint(at, c)
		if err != nil {
			return plan.Experiment{}, fmt.Errorf("compiling point %s: %w", p, err)
		}
		point.Params = p.Short()
		e.Points = append(e.Points, point)
	}
	e.StopOnFailure = spec.Sweep != nil && spec.Sweep.OnFailure == "Stop"
	return e, nil
}

// waitsOf are the limits of the site for which the scheduler lets jobs of a revision wait.
func waitsOf(rev store.Revision) (out []string) {
	if rev.Site.Spec.Scheduler != v1alpha1.Slurm {
		return nil
	}
	for _, f := range (admit.Limits{Site: rev.Site}).Experiment(rev.Spec) {
		if f.Warning {
			out = append(out, strings.TrimPrefix(f.Path, "spec.")+": "+f.Message)
		}
	}
	return out
}

// keysAsAccepted makes the services of a point ask for a key only if those of its revision say so: one that an older assay
// accepted says nothing, and its servers go on as they are.
func keysAsAccepted(accepted, point v1alpha1.Experiment) {
	for i := range point.Spec.Services {
		s := &point.Spec.Services[i]
		for _, was := range accepted.Spec.Services {
			if was.Name == s.Name && was.Auth == "" {
				s.Auth = ""
			}
		}
	}
}

// compilePoint compiles what an experiment declares.
func compilePoint(rev store.Revision, c Compiler) (plan.Point, error) {
	var out plan.Point
	for _, s := range rev.Spec.Spec.Services {
		p, err := compileService(rev, s, c)
		if err != nil {
			return out, fmt.Errorf("compiling service %s of experiment %s: %w", s.Name, rev.Experiment, err)
		}
		out.Services = append(out.Services, p)
	}
	for _, b := range rev.Spec.Spec.Benchmarks {
		out.Benchmarks = append(out.Benchmarks, compileBenchmark(rev.Site, b))
		secretHeaders(&out.Benchmarks[len(out.Benchmarks)-1].Request, b.Target, out.Services)
		compileSearch(b, &out)
	}
	return out, nil
}

func compileService(rev store.Revision, s v1alpha1.Service, c Compiler) (plan.Service, error) {
	made, err := c(rev.Site, rev.Spec, s)
	if err != nil {
		return plan.Service{}, err
	}
	limit := or(s.Restart.Limit, 5)
	p := plan.Service{
		Name: s.Name, Group: s.Group, Kind: made.Kind, Simulated: made.Simulated, Model: made.Model, URL: made.URL, Lustre: made.Lustre,
		DependsOn: s.DependsOn, Forwards: made.Forwards, Processes: made.Processes, Telemetry: made.Telemetry, Certificate: made.Certificate, WholeNodes: plan.WholeNodes(rev.Site, s.Resources.Partition),
		Within: s.Ready.Within.Std(), StableFor: s.Ready.StableFor.Std(), Restarts: limit, Backoff: s.Restart.Backoff.Std(),
		Fence: s.Fence.Std(), Renew: renewOf(rev.Site, s.Renew), Exposed: made.Exposed,
	}
	switch {
	case made.URL != "": // external: no seats, nothing to submit
		p.Proc = fingerprint(made.Kind, made.Model, made.URL)
		return p, nil
	case made.Lustre != nil:
		p.Proc = fingerprint(made.Lustre)
		return p, nil
	}
	replicas := or(s.Replicas, v1alpha1.Replicas{Number: 1})
	p.Slots, p.Scale = replicas.Least(), scaleOf(rev.Site, s)
	p.Job = plan.ServiceJob(rev.Site, s)
	p.NodeGPUs = plan.NodeGPUs(rev.Site, p.Job.Partition)
	p.Alloc = allocation(p.Job)
	restart := drivers.Restart{Limit: limit, Backoff: drivers.SecondsOf(s.Restart.Backoff.Std())}
	live := drivers.Live{Every: drivers.SecondsOf(s.Watch().Every.Std()), Misses: s.Watch().Misses}
	procs, settings := []any{made.Kind, made.Model}, []any{p.Job.Time, p.Within, p.StableFor, restart, live}
	for i := range p.Processes {
		q := &p.Processes[i]
		q.Restart, q.Live = restart, live
		q.Fingerprint = process(made, *q)
		procs, settings = append(procs, q.Fingerprint), append(settings, q.Probes, q.Metrics)
	}
	p.Proc, p.Settings = fingerprint(procs...), fingerprint(settings...)
	return p, nil
}

// scaleOf is what scales a service; nil where it has a number.
func scaleOf(site v1alpha1.Site, s v1alpha1.Service) *plan.Scale {
	if s.Replicas == nil || !s.Replicas.Scaled() {
		return nil
	}
	r := *s.Replicas
	return &plan.Scale{Min: r.Min, Max: r.Max, Metric: r.Metric, Target: r.Target, Tolerance: or(r.Tolerance, 0), Cooldown: r.Cooldown.Std(),
		Up: or(r.Up.Window, 0).Std(), Down: or(r.Down.Window, 0).Std(), Every: r.Every(), Jobs: site.Spec.QOS[plan.ServiceJob(site, s).QOS].MaxJobsPerUser}
}

func renewOf(site v1alpha1.Site, r v1alpha1.Renewal) plan.Renew {
	return plan.Renew{Policy: r.Policy, Before: r.Before.Std(), Drain: r.Drain.Std(), Times: r.Times, Extend: site.Extends()}
}

// process is the fingerprint of what a running process cannot change. Files that it can reload are not part of it.
func process(made drivers.Compiled, p drivers.Process) string {
	p.Probes, p.Metrics, p.Restart, p.Live, p.Grace, p.Fingerprint, p.Textfile, p.Fetched, p.Protected = nil, "", drivers.Restart{}, drivers.Live{}, 0, "", "", nil, nil
	p.Image, p.Weights, p.Ask = "", nil, nil
	if p.Reload != "" {
		p.Files = nil
	}
	return fingerprint(made.Kind, made.Model, p)
}

// allocation is the fingerprint of what a running job cannot change. The time limit is not part of it; it changes in place.
func allocation(j drivers.JobSpec) string {
	words := []any{j.Partition, j.QOS, j.Account, j.Reservation, j.Nodes, j.GPUsPerNode, j.CPUsPerNode, j.MemoryPerNode, j.Modules, j.Directives}
	if j.GRES != "" { // a site that names none has the fingerprints of before
		words = append(words, j.GRES)
	}
	return fingerprint(words...)
}

// secretHeaders tells a request the files of the target's secrets that its headers hold.
func secretHeaders(r *drivers.SuiteRequest, target string, services []plan.Service) {
	if r.Serving == nil || len(r.Serving.SecretHeaders) == 0 {
		return
	}
	r.SecretFiles = map[string]string{}
	for _, s := range services {
		for _, p := range s.Processes {
			for _, name := range r.Serving.SecretHeaders {
				if file := p.Secrets[name]; s.Name == target && file != "" {
					r.SecretFiles[name] = file
				}
			}
		}
	}
}

func compileBenchmark(site v1alpha1.Site, b v1alpha1.Benchmark) plan.Benchmark {
	p := plan.Benchmark{
		Name: b.Name, Target: b.Target, Repeats: or(b.Repeats, v1alpha1.Repeats{}).Total(), Design: designOf(b), Decides: decides(b), Timeout: b.Timeout.Std(), Together: b.Together,
		RetryInvalid: or(b.RetryInvalid, v1alpha1.DefaultRetryInvalid),
		Request:      drivers.SuiteRequest{Serving: b.Serving, Vector: b.Vector, Storage: b.Storage},
	}
	if b.Compare != nil {
		p.Other = b.Compare.B
	}
	switch {
	case b.Serving != nil:
		p.Request.Seed, p.Request.Nodes = b.Serving.Seed, b.Nodes()
	case b.Vector != nil:
		p.Request.Seed = b.Vector.Seed
	case b.Storage != nil:
		p.Request.Seed = b.Storage.Seed
	}
	on := or(b.Run, v1alpha1.RunOn{})
	nodes := b.Nodes()
	p.Job = plan.RunJob(site, b)
	p.NodeGPUs = plan.NodeGPUs(site, p.Job.Partition)
	p.OwnJob = on.On == v1alpha1.OnJob || p.Job.Here
	p.Spec = fingerprint(b.Serving, b.Vector, b.Storage, on.On, nodes)
	return p
}

// fingerprint is a short hash of values; their order counts.
func fingerprint(parts ...any) string {
	b, err := json.Marshal(parts)
	if err != nil {
		panic(fmt.Sprintf("fingerprint of values that do not encode: %v", err)) // only plain data comes here
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])[:12]
}

func or[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}
