// Package admittest compares admission with what a scheduler says, for tests with a real one. Compare is used by the tests of
// drivers/slurm and by those that write a site's file from a cluster.
package admittest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/plan/admit"
)

// Compare asks a scheduler about n job shapes that follow from seed, and expects that admission refuses exactly those that
// the scheduler refuses. The shapes lie around the limits that the site states; at least a tenth of them must be accepted,
// and a tenth refused, or the comparison says little.
func Compare(t *testing.T, l admit.Limits, e drivers.Estimator, n int, seed uint64) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	accepted, refused, waits := 0, 0, 0
	for i := range n {
		j := Shape(r, l.Site)
		found := l.Job(j)
		want := !admit.Refused(found)
		if want && len(found) > 0 {
			waits++
		}
		got, said := asked(t, e, j)
		if got {
			accepted++
		} else {
			refused++
		}
		if got != want {
			t.Errorf("shape %d of seed %d: %s\n\tthe scheduler says: %v\n\tadmission says: %s", i, seed, describe(j), said, words(found))
		}
	}
	t.Logf("%d shapes: %d accepted, of which %d with a warning that they would wait, and %d refused", n, accepted, waits, refused)
	if accepted < n/10 || refused < n/10 {
		t.Errorf("of %d shapes %d were accepted and %d refused: the comparison says little", n, accepted, refused)
	}
}

// asked is whether the scheduler would take a job, and what it said.
func asked(t *testing.T, e drivers.Estimator, j drivers.JobSpec) (bool, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var last error
	for {
		_, err := e.Estimate(ctx, j)
		switch {
		case err == nil || errors.Is(err, drivers.ErrRejected):
			return err == nil, err
		case ctx.Err() != nil:
			t.Fatalf("%s: %v; before that: %v", describe(j), err, last)
		}
		last = err
		time.Sleep(100 * time.Millisecond)
	}
}

// Shape is a job around the limits of a site: every amount is mostly within what its partition has, and sometimes just
// beyond it or beyond a limit of its QOS.
func Shape(r *rand.Rand, site v1alpha1.Site) drivers.JobSpec {
	spec := site.Spec
	one := func(names []string) string {
		if len(names) == 0 {
			return ""
		}
		return names[r.IntN(len(names))]
	}
	j := drivers.JobSpec{Name: "shape", Nodes: 1, Argv: []string{"true"}, Account: spec.Account, Time: 5 * time.Minute,
		Partition: one(slices.Sorted(maps.Keys(spec.Partitions)))}
	if names := slices.Sorted(maps.Keys(spec.QOS)); r.IntN(4) > 0 {
		j.QOS = one(names)
	}
	if names := slices.Sorted(maps.Keys(spec.Accounts)); r.IntN(3) == 0 {
		j.Account = one(names)
	}
	p, q := spec.Partitions[j.Partition], spec.QOS[j.QOS]
	j.Nodes = max(1, around(r, p.Nodes, p.MinNodes, p.MaxNodes, q.MinNodes, q.MaxNodes, q.MaxNodesPerUser, q.GrpNodes))
	if r.IntN(3) == 0 {
		j.GPUsPerNode = around(r, p.GPUsPerNode, (q.MinGPUs+j.Nodes-1)/j.Nodes, q.MaxGPUs/j.Nodes, q.MaxGPUsPerUser/j.Nodes, q.GrpGPUs/j.Nodes)
		j.GRES = p.GRES
	}
	if r.IntN(2) == 0 {
		j.CPUsPerNode = around(r, p.CPUsPerNode, (q.MinCPUs+j.Nodes-1)/j.Nodes, q.MaxCPUs/j.Nodes, q.MaxCPUsPerUser/j.Nodes, q.GrpCPUs/j.Nodes)
	}
	if r.IntN(4) == 0 && p.MemoryPerNode > 0 {
		j.MemoryPerNode = int64(p.MemoryPerNode) / 4 * int64(1+r.IntN(4))
		if r.IntN(4) == 0 {
			j.MemoryPerNode = int64(p.MemoryPerNode) + 1<<20
		}
	}
	if at := around(r, int(p.MaxTime.Std().Minutes()), int(q.MaxTime.Std().Minutes())); at > 0 {
		j.Time = time.Duration(at) * time.Minute
	}
	return j
}

// around is a number near one of the limits that are set, or below all of them; 0 when none is.
func around(r *rand.Rand, limits ...int) int {
	set := slices.DeleteFunc(slices.Clone(limits), func(n int) bool { return n <= 0 })
	if len(set) == 0 {
		return r.IntN(3)
	}
	n := set[r.IntN(len(set))]
	switch r.IntN(6) {
	case 0:
		return n + 1
	case 1:
		return n
	}
	return 1 + r.IntN(slices.Min(set))
}

func describe(j drivers.JobSpec) string {
	return fmt.Sprintf("partition %s, qos %q, account %q, %d nodes, %d GPUs (%s), %d CPUs, %s memory a node, %s", j.Partition, j.QOS, j.Account, j.Nodes, j.GPUsPerNode, j.GRES, j.CPUsPerNode, v1alpha1.Quantity(j.MemoryPerNode), j.Time)
}

func words(found []admit.Finding) string {
	if len(found) == 0 {
		return "admitted"
	}
	out := ""
	for _, f := range found {
		out += fmt.Sprintf("\n\t\t%s: %s (waits: %v)", f.Field, f.Message, f.Waits)
	}
	return out
}
