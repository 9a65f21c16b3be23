package reconciler

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// Compiler turns a declared service into what an agent can run. It is pure; drivers/service implements it.
type Compiler func(site v1alpha1.Site, experiment string, svc v1alpha1.Service) (drivers.Compiled, error)

// ownJobSlack is the walltime that a run's own job gets beyond the run's timeout: starting, claiming, writing results.
const ownJobSlack = 10 * time.Minute

// compile makes plan's view of an accepted revision. Its spec is resolved: defaults are filled in.
func compile(rev store.Revision, c Compiler) (plan.Experiment, error) {
	spec := rev.Spec.Spec
	e := plan.Experiment{
		Name: rev.Experiment, Site: rev.Site.Metadata.Name, Revision: rev.Hash, Generation: rev.Generation, Incarnation: rev.Incarnation,
		Commit: rev.Origin.Commit, Suspend: spec.Suspend, StopDone: spec.WhenDone == "Stop", Prune: rev.Prune, Deleting: rev.Deleting,
	}
	for _, s := range spec.Services {
		p, err := compileService(rev, s, c)
		if err != nil {
			return plan.Experiment{}, fmt.Errorf("compiling service %s of experiment %s: %w", s.Name, rev.Experiment, err)
		}
		e.Services = append(e.Services, p)
	}
	for _, b := range spec.Benchmarks {
		e.Benchmarks = append(e.Benchmarks, compileBenchmark(rev.Site, b))
	}
	return e, nil
}

func compileService(rev store.Revision, s v1alpha1.Service, c Compiler) (plan.Service, error) {
	made, err := c(rev.Site, rev.Experiment, s)
	if err != nil {
		return plan.Service{}, err
	}
	limit := or(s.Restart.Limit, 5)
	p := plan.Service{
		Name: s.Name, Kind: made.Kind, Simulated: made.Simulated, Model: made.Model, URL: made.URL, DependsOn: s.DependsOn,
		Process: made.Processes[0], Within: s.Ready.Within.Std(), StableFor: s.Ready.StableFor.Std(),
		Restarts: limit, Backoff: s.Restart.Backoff.Std(),
	}
	if made.URL != "" { // somebody else's: no seats, nothing to submit
		p.Proc = fingerprint(made.Kind, made.Model, made.URL)
		return p, nil
	}
	p.Slots = or(s.Replicas, 1)
	p.Job = jobOf(rev.Site, s)
	p.Process.Name = s.Name
	p.Process.Restart = drivers.Restart{Limit: limit, Backoff: drivers.SecondsOf(s.Restart.Backoff.Std())}
	p.Alloc = allocation(p.Job)
	p.Proc = fingerprint(made.Kind, made.Model, p.Process.Argv, p.Process.Env, p.Process.Port, p.Process.Data)
	p.Process.Fingerprint = p.Proc
	p.Settings = fingerprint(p.Job.Time, p.Process.Probes, p.Process.Metrics, p.Within, p.StableFor, p.Process.Restart)
	return p, nil
}

// jobOf is the scheduler's share of a service.
func jobOf(site v1alpha1.Site, s v1alpha1.Service) drivers.JobSpec {
	r := s.Resources
	job := siteJob(site, r.Partition, r.QOS)
	job.Nodes = or(s.Nodes, 1)
	job.GPUsPerNode = or(r.GPUsPerNode, 0)
	job.CPUsPerNode = r.CPUsPerNode
	job.MemoryPerNode = int64(r.MemoryPerNode)
	job.Time = r.Time.Std()
	return job
}

// siteJob is what a site asks of every job in a partition under a quality of service.
func siteJob(site v1alpha1.Site, partition, qos string) drivers.JobSpec {
	if partition == "" {
		partition = site.Spec.Defaults.Partition
	}
	if qos == "" {
		qos = site.Spec.Defaults.QOS
	}
	return drivers.JobSpec{
		Partition: partition, QOS: qos, Account: site.Spec.Account, Reservation: site.Spec.QOS[qos].Reservation[partition],
		Modules: site.Spec.Modules, Directives: site.Spec.Sbatch,
	}
}

// allocation is the fingerprint of what a running job cannot change. The time limit is none of it.
func allocation(j drivers.JobSpec) string {
	return fingerprint(j.Partition, j.QOS, j.Account, j.Reservation, j.Nodes, j.GPUsPerNode, j.CPUsPerNode, j.MemoryPerNode, j.Modules, j.Directives)
}

func compileBenchmark(site v1alpha1.Site, b v1alpha1.Benchmark) plan.Benchmark {
	p := plan.Benchmark{
		Name: b.Name, Target: b.Target, Repeats: or(b.Repeats, 1), Timeout: b.Timeout.Std(),
		Spec:    fingerprint(b.Serving, b.Vector),
		Request: drivers.SuiteRequest{Serving: b.Serving, Vector: b.Vector},
		Job:     siteJob(site, "", ""),
	}
	switch {
	case b.Serving != nil:
		p.Request.Seed = b.Serving.Seed
	case b.Vector != nil:
		p.Request.Seed = b.Vector.Seed
	}
	p.Job.Nodes, p.Job.Time = 1, p.Timeout+ownJobSlack
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
