package reconciler

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/fake"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// calls counts the system calls by which a loop's store looks at files and changes them.
type calls struct{ reads, writes atomic.Int64 }

func (c *calls) take() (reads, writes int64) { return c.reads.Swap(0), c.writes.Swap(0) }

// manyExperiments is a loop with that many experiments, each with a service that is up, a benchmark that is done, and that
// many more runs that ended before.
func manyExperiments(t *testing.T, experiments, ended int) (*Loop, *fake.Cluster, *calls) {
	t.Helper()
	count := &calls{}
	durable.OnRead(func(string) { count.reads.Add(1) })
	t.Cleanup(func() { durable.OnRead(nil) })
	st, err := store.Open(t.TempDir(), store.Options{NoSync: true, Hook: func(call string) {
		if strings.HasPrefix(call, "before") {
			count.writes.Add(1)
		}
	}})
	noError(t, err)
	lease, err := st.Acquire(t.Context(), "test", time.Second)
	noError(t, err)
	cluster := fake.New(fake.Options{Nodes: experiments + 1, Startup: time.Second})
	l := &Loop{Store: st, Lease: lease, Scheduler: cluster, Clock: cluster.Now, Binary: "assay", spawn: func(f func()) { f() },
		Probe:  func(context.Context, string, string, drivers.Probe) ([]string, error) { return nil, nil },
		Policy: plan.Policy{Settle: time.Minute, Stale: time.Hour, BackoffMax: time.Minute, Proven: time.Hour, RunAttempts: 3},
		Compile: func(_ v1alpha1.Site, _ v1alpha1.Experiment, s v1alpha1.Service) (drivers.Compiled, error) {
			return drivers.Compiled{Kind: "process", Processes: []drivers.Process{{Name: s.Name, Argv: s.Process.Command, Probes: []drivers.Probe{{}}}}}, nil
		}}
	for i := range experiments {
		name := fmt.Sprintf("e%03d", i)
		e := v1alpha1.Experiment{APIVersion: v1alpha1.APIVersion, Kind: v1alpha1.KindExperiment, Metadata: v1alpha1.Metadata{Name: name}}
		e.Spec.Services = []v1alpha1.Service{{Name: "s", Process: &v1alpha1.Process{Command: []string{"serve"}}}}
		_, _, err := st.Accept(store.Revision{Experiment: name, Owner: "test", Spec: e})
		noError(t, err)
		for r := range ended {
			run := plan.Run{ID: fmt.Sprintf("q-%d", r), Experiment: name, Benchmark: "q", Target: "s", Repeat: 1, Attempt: 1, Key: fmt.Sprintf("k%d", r), Phase: v1alpha1.RunComplete, Created: cluster.Now()}
			_, err := lease.CreateRun(run, drivers.SuiteRequest{})
			noError(t, err)
		}
	}
	for range 20 {
		r, err := l.Pass(context.Background())
		noError(t, err)
		if len(r.Actions) == 0 && r.Status[experiments-1].Services[0].Ready == 1 {
			return l, cluster, count
		}
		cluster.Advance(5 * time.Second)
	}
	t.Fatal("the services did not come up")
	return nil, nil, nil
}

// TestAnIdlePassCostsWhatIsOpen counts system calls. What a pass reads does not depend on how many runs ever ended, and is
// bounded by the jobs that are open; what it writes is one file for all experiments.
func TestAnIdlePassCostsWhatIsOpen(t *testing.T) {
	const experiments = 20
	var first, firstNext int64
	for _, ended := range []int{0, 50} {
		l, cluster, count := manyExperiments(t, experiments, ended)
		cluster.Advance(time.Second)
		_, err := l.Pass(context.Background())
		noError(t, err)
		cluster.Advance(10 * time.Second) // what is said now and then is said again
		count.take()
		_, err = l.Pass(context.Background())
		noError(t, err)
		reads, writes := count.take()
		cluster.Advance(time.Second)
		_, err = l.Pass(context.Background())
		noError(t, err)
		next, none := count.take()
		t.Logf("%d ended runs of each: %d reads and %d writes; a second later %d and %d", ended, reads, writes, next, none)
		if ended == 0 {
			first, firstNext = reads, next
		}
		// Of each job the attempt, the desired state and the report: three files, opened and read.
		if reads != first || next != firstNext || max(reads, next) > 8*experiments+20 || writes > 10 || none > 0 {
			t.Errorf("%d ended runs of each: %d reads (%d without any) and %d writes; a second later %d (%d) and %d", ended, reads, first, writes, next, firstNext, none)
		}
	}
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
