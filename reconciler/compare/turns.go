package compare

import (
	"fmt"
	"maps"

	"assay/reconciler/plan"
	"assay/reconciler/results"
)

// Turns compares the two targets that a benchmark measured in turn: A and B are names of services.
type Turns struct{ Benchmark, A, B string }

// Says is what a row of a comparison says, as a sentence.
func (c Turns) Says(r Row) string {
	if r.Refused != "" {
		return fmt.Sprintf("%s: %s and %s are not compared: %s.", r.name(), c.A, c.B, r.Refused)
	}
	text := fmt.Sprintf("%s: %s of %s is %s, of %s %s %s", r.name(), r.Metric, c.A, results.Number(r.Before.Center), c.B, results.Number(r.Now.Center), r.Unit)
	between := ""
	if r.Low != nil && r.High != nil {
		between = fmt.Sprintf(", %+.1f%% to %+.1f%% with 95 %% confidence", 100**r.Low, 100**r.High)
	}
	if r.Different {
		return fmt.Sprintf("%s: they differ%s (%s).", text, between, r.Basis)
	}
	return fmt.Sprintf("%s: no difference can be called%s (%s).", text, between, r.Basis)
}

// Compare gives a row for each metric at each point: before is A, now is B. Metrics are as those of Groups.
func (c Turns) Compare(groups []results.Group, metrics []string) []Row {
	return c.rows(groups, func(there []string) []results.Metric { return named(metrics, there) })
}

// Headlines is Compare with the headlines of the catalogue.
func (c Turns) Headlines(groups []results.Group) []Row {
	return c.rows(groups, func(there []string) []results.Metric { return results.Shown(results.Headline, there) })
}

func (c Turns) rows(groups []results.Group, pick func(there []string) []results.Metric) []Row {
	var t table
	for _, a := range groups {
		if a.Benchmark != c.Benchmark || a.Point[plan.TargetParam] != c.A {
			continue
		}
		point := maps.Clone(a.Point)
		point[plan.TargetParam] = c.B
		for _, b := range groups {
			if b.Name() == (results.Group{Benchmark: a.Benchmark, Point: point}).Name() {
				b.Point = maps.Clone(point)
				delete(b.Point, plan.TargetParam)
				t.pair(a, b, pick(a.Metrics()), true)
			}
		}
	}
	return t.called()
}
