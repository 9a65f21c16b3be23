package review

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"assay/api/v1alpha1"
	"assay/reconciler/decide"
	"assay/reconciler/gate"
	"assay/reconciler/results"
)

// judge makes the checks of one experiment.
func (in Input) judge(e Experiment) []Row {
	switch {
	case e.Unchanged:
		return nil
	case e.Head == nil:
		return []Row{{Experiment: e.Name, Check: "it is there", Verdict: gate.Inconclusive, Reason: "the pull request removes it: nothing of it was measured"}}
	}
	out := []Row{e.runs()}
	for _, b := range e.Head.Benchmarks {
		out = append(out, in.benchmark(e, b)...)
	}
	if e.Base != nil {
		for _, b := range e.Base.Benchmarks {
			if named(e.Head.Benchmarks, b.Name) == nil {
				out = append(out, Row{Experiment: e.Name, Benchmark: b.Name, Check: "it is measured", Verdict: gate.Inconclusive, Reason: "the pull request no longer measures it"})
			}
		}
	}
	for _, v := range e.Gates {
		out = append(out, Row{Experiment: e.Name, Benchmark: v.Benchmark, Point: v.Point, Check: v.Gate, Verdict: v.Verdict, Reason: v.Reason})
	}
	return out
}

// runs is the check that the experiment comes up and its runs end well.
func (e Experiment) runs() Row {
	row := Row{Experiment: e.Name, Check: "it runs", Verdict: gate.Go}
	valid, invalid := 0, 0
	for _, p := range e.Head.Points {
		valid, invalid = valid+len(p.Group.Rows), invalid+len(p.Group.Invalid)
	}
	row.Reason = fmt.Sprintf("its services came up, and %d run(s) are valid", valid)
	switch {
	case e.Broken != "":
		row.Verdict, row.Reason = gate.NoGo, e.Broken
	case e.Unended != "":
		row.Verdict, row.Reason = gate.Inconclusive, e.Unended
	case invalid > 0:
		row.Verdict, row.Reason = gate.Inconclusive, fmt.Sprintf("%d run(s) failed or are not valid, %d are", invalid, valid)
	}
	return row
}

func named(all []v1alpha1.Benchmark, name string) *v1alpha1.Benchmark {
	if i := slices.IndexFunc(all, func(b v1alpha1.Benchmark) bool { return b.Name == name }); i >= 0 {
		return &all[i]
	}
	return nil
}

// sameLoad reports whether two versions of a benchmark ask the same of their target.
func sameLoad(a, b v1alpha1.Benchmark) bool {
	type load struct {
		serving, vector, storage, search, run any
	}
	of := func(b v1alpha1.Benchmark) load { return load{b.Serving, b.Vector, b.Storage, b.Search, b.Run} }
	return reflect.DeepEqual(of(a), of(b))
}

// benchmark compares one benchmark of both sides, point by point and metric by metric.
func (in Input) benchmark(e Experiment, b v1alpha1.Benchmark) (out []Row) {
	row := Row{Experiment: e.Name, Benchmark: b.Name, Check: "it is comparable"}
	var was *v1alpha1.Benchmark
	if e.Base != nil {
		was = named(e.Base.Benchmarks, b.Name)
	}
	switch {
	case was == nil:
		row.Reason = "it is new: there is nothing to compare it with"
		return []Row{row}
	case !sameLoad(b, *was):
		row.Verdict, row.Reason = gate.Inconclusive, "the pull request changes what the benchmark asks of its target: figures of two loads say nothing of each other"
		return []Row{row}
	}
	for _, p := range e.Head.Points {
		if p.Group.Benchmark != b.Name {
			continue
		}
		i := slices.IndexFunc(e.Base.Points, func(o Point) bool { return o.Group.Name() == p.Group.Name() })
		if i < 0 {
			row.Point, row.Reason = p.Group.Point, "the point is new: there is nothing to compare it with"
			out = append(out, row)
			continue
		}
		base := e.Base.Points[i].Group
		for _, metric := range metrics(b, *was, base, p.Group) {
			out = append(out, in.metric(e, p, base, metric))
		}
	}
	return out
}

// metrics are those that are compared: of the gates of either side, or the headlines.
func metrics(head, base v1alpha1.Benchmark, a, b results.Group) (out []results.Metric) {
	add := func(m results.Metric) {
		same := func(o results.Metric) bool { return o.Name == m.Name }
		if m.Better != 0 && !slices.ContainsFunc(out, same) {
			out = append(out, m)
		}
	}
	there := append(a.Metrics(), b.Metrics()...)
	for _, g := range slices.Concat(head.Gates, base.Gates) {
		if g.Metric != "" {
			add(results.Resolve(g.Metric, there))
		}
	}
	if len(out) == 0 {
		for _, m := range results.Shown(results.Headline, a.Metrics()) {
			add(m)
		}
	}
	return out
}

// metric compares one metric at one point.
func (in Input) metric(e Experiment, p Point, base results.Group, m results.Metric) Row {
	row := Row{Experiment: e.Name, Benchmark: p.Group.Benchmark, Point: p.Group.Point, Check: m.Name, Unit: m.Unit}
	g := v1alpha1.Gate{Metric: m.Name, Baseline: in.Base.Ref}
	if m.Better == results.Lower {
		g.MaxRise = in.Allow
	} else {
		g.MaxDrop = in.Allow
	}
	v := gate.Evaluate(g, p.Group, p.Declared, nil, func(string, results.Group) (results.Group, error) {
		if len(base.Rows) == 0 {
			return base, errors.New(in.Base.Ref + " has no valid run")
		}
		return base, nil
	})
	row.Verdict, row.Reason = v.Verdict, v.Reason
	if len(base.Values(m.Name)) > 0 && len(p.Group.Values(m.Name)) > 0 {
		row.Before, row.Now = typical(base, m.Name), typical(p.Group, m.Name)
		row.Change = change(base, p.Group, m.Name)
	}
	return row
}

func typical(g results.Group, metric string) *Estimate {
	if s, ok := g.Bracket(metric); ok {
		return &Estimate{s.Mean, s.Lo, s.Hi}
	}
	iv := decide.Typical(g.Runs(), metric, decide.Alpha)
	return &Estimate{iv.Center, iv.Lo, iv.Hi}
}

// change is in percent of the base.
func change(base, now results.Group, metric string) *Estimate {
	a, old := base.Bracket(metric)
	if b, ok := now.Bracket(metric); ok && old {
		c := results.BracketChange(a, b)
		return &Estimate{100 * c.Mean, 100 * c.Lo, 100 * c.Hi}
	}
	c := decide.Change(base.Runs(), now.Runs(), metric, false, decide.Alpha)
	return &Estimate{100 * c.Center, 100 * c.Lo, 100 * c.Hi}
}
