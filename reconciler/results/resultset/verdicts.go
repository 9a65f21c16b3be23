package resultset

import (
	"errors"
	"fmt"
	"strings"

	"assay/api/v1alpha1"
	"assay/reconciler/gate"
	"assay/reconciler/plan"
	"assay/reconciler/results"
)

// ErrNoGate means that nothing would be decided.
var ErrNoGate = errors.New("it declares no gate")

// Verdicts evaluates every gate of a revision at every point that it declares: of the newest of an EXPERIMENT, or of the one that
// EXPERIMENT@REVISION or EXPERIMENT@COMMIT names. Promql gives the values of PromQL gates. A revision without gates is an error:
// nothing would be decided.
func (r Reader) Verdicts(ref string, promql gate.Values) ([]gate.Verdict, error) {
	experiment, revision, older := strings.Cut(ref, "@")
	head, ok, err := r.newest(experiment)
	if err != nil {
		return nil, err
	}
	if !ok && !older {
		return nil, fmt.Errorf("no experiment %q; what there is: assay get experiments", experiment)
	}
	m, err := r.Measurements(experiment)
	if err != nil {
		return nil, fmt.Errorf("reading the results of %s: %w", experiment, err)
	}
	if older {
		if head, err = m.Find(revision); err != nil {
			return nil, err
		}
	}
	declared, err := r.Configurations(head)
	unknown := ""
	if err != nil { // only what has results is known then, and nothing passes
		unknown = fmt.Sprintf("what this revision declares cannot be worked out: %v", err)
	}
	var out []gate.Verdict
	groups := results.Groups(m.Of(head))
	for _, b := range head.Spec.Spec.Benchmarks {
		for _, g := range b.Gates {
			for _, p := range pointsOf(b, declared, groups) {
				v := gate.Evaluate(g, p.group, p.declared, promql, r.baseline)
				if unknown != "" && v.Verdict == gate.Go {
					v.Verdict, v.Reason = gate.Inconclusive, unknown+"; so far: "+v.Reason
				}
				out = append(out, v)
			}
		}
	}
	if !older {
		r.overBudget(experiment, out)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s: %w; write one, such as gates: [{metric: ttft.p99, max: 500ms}] in a benchmark, and apply it: no run is repeated for that", ref, ErrNoGate)
	}
	return out, nil
}

// statuses is a Store that has statuses, too; one of an archive has none.
type statuses interface {
	Status(experiment string) (v1alpha1.ExperimentStatus, bool, error)
}

// overBudget says of what is not decided that the experiment's budget stopped its runs.
func (r Reader) overBudget(experiment string, out []gate.Verdict) {
	s, has := r.Store.(statuses)
	if !has {
		return
	}
	st, ok, err := s.Status(experiment)
	c := v1alpha1.Find(st.Conditions, v1alpha1.WithinBudget)
	if err != nil || !ok || c.Status != v1alpha1.False {
		return // what is missing is said already
	}
	for i := range out {
		if out[i].Verdict == gate.Inconclusive {
			out[i].Reason += "; " + c.Reason + ": " + c.Message
		}
	}
}

// point is a declared point of a benchmark with its results.
type point struct {
	group    results.Group
	declared gate.Declared
}

// pointsOf are the points of a benchmark: of one that searches, those with an answer.
func pointsOf(b v1alpha1.Benchmark, declared []plan.Configuration, groups []results.Group) (out []point) {
	if b.Search == nil {
		return points(b.Name, declared, groups)
	}
	for _, g := range groups {
		if g.Benchmark == b.Name && g.Answers() {
			out = append(out, point{group: g})
		}
	}
	if len(out) == 0 {
		out = append(out, point{group: results.Group{Benchmark: b.Name}})
	}
	return out
}

// points are all that a benchmark declares, in the order of serving, and those that only its results know.
func points(benchmark string, declared []plan.Configuration, groups []results.Group) (out []point) {
	at := map[string]results.Group{}
	for _, g := range groups {
		at[g.Name()] = g
	}
	for _, c := range declared {
		if c.Benchmark != benchmark {
			continue
		}
		g := results.Group{Benchmark: c.Benchmark, Point: c.Point}
		if found, ok := at[g.Name()]; ok {
			g = found
		}
		delete(at, g.Name())
		out = append(out, point{g, gate.Declared{Repeats: c.Repeats, Design: c.Design}})
	}
	for _, g := range groups {
		if _, left := at[g.Name()]; left && g.Benchmark == benchmark {
			out = append(out, point{group: g})
		}
	}
	if len(out) == 0 {
		out = append(out, point{group: results.Group{Benchmark: benchmark}})
	}
	return out
}

// baseline finds the results of a reference that belong to the same benchmark and point.
func (r Reader) baseline(ref string, like results.Group) (results.Group, error) {
	rows, err := r.Results(ref)
	if err != nil {
		return results.Group{}, err
	}
	for _, g := range results.Groups(rows) {
		if g.Benchmark == like.Benchmark && g.PointName() == like.PointName() {
			return g, nil
		}
	}
	return results.Group{}, fmt.Errorf("baseline %s has no results of %s", ref, like.Name())
}
