package decide

import (
	"fmt"
	"maps"
	"math"
	"slices"
)

// Run is one valid run: which deployment of the server it measured, the seed of its requests, and its metrics.
type Run struct {
	Deployment string // empty: not recorded; such runs count as of one deployment
	Seed       int64
	Metrics    map[string]float64
}

// Of makes runs of one deployment from values of one metric.
func Of(metric string, values ...float64) []Run {
	out := make([]Run, len(values))
	for i, v := range values {
		out[i] = Run{Metrics: map[string]float64{metric: v}}
	}
	return out
}

// Deployments is how many deployments runs have measured.
func Deployments(runs []Run) int {
	seen := map[string]bool{}
	for _, r := range runs {
		seen[r.Deployment] = true
	}
	return len(seen)
}

// Basis says what was counted.
type Basis struct {
	Over        string `json:"over"`                  // deployments, runs, or pairs of runs
	Runs        int    `json:"runs"`                  // of the side with fewer
	Deployments int    `json:"deployments,omitempty"` // of the side with fewer
	Apart       int    `json:"apart,omitempty"`       // runs that lie far apart from the others
}

// What is counted as one observation.
const (
	OverDeployments = "deployments"
	OverRuns        = "runs"
	OverPairs       = "pairs"
)

// Covers says in words what the result does not cover; empty when it covers differences between deployments.
func (b Basis) Covers() string {
	if b.Over == OverDeployments {
		return ""
	}
	return "differences between deployments of the server are not covered: one deployment was measured; write repeats: {runs: N, deployments: 3}"
}

// String is what was counted: 15 runs of 3 deployments.
func (b Basis) String() string {
	if b.Over == OverDeployments {
		return fmt.Sprintf("%d runs of %d deployments", b.Runs, b.Deployments)
	}
	return fmt.Sprintf("%d %s", b.Runs, b.Over)
}

// values are those of a metric, one for each run that has it.
func values(runs []Run, metric string) []float64 {
	var out []float64
	for _, r := range runs {
		if v, ok := r.Metrics[metric]; ok {
			out = append(out, v)
		}
	}
	return out
}

// Complete reports whether there are runs and every one has the metric.
func Complete(runs []Run, metric string) bool {
	return len(runs) > 0 && len(values(runs, metric)) == len(runs)
}

// positive reports whether logarithms can be taken.
func positive(all ...[]float64) bool {
	for _, v := range all {
		if slices.ContainsFunc(v, func(x float64) bool { return x <= 0 }) {
			return false
		}
	}
	return true
}

func logs(v []float64) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = math.Log(x)
	}
	return out
}

// byDeployment are the medians of the deployments, in the order of their names.
func byDeployment(runs []Run, at []float64) []float64 {
	of := map[string][]float64{}
	for i, r := range runs {
		of[r.Deployment] = append(of[r.Deployment], at[i])
	}
	var out []float64
	for _, d := range slices.Sorted(maps.Keys(of)) {
		out = append(out, median(of[d]))
	}
	return out
}

// sameSeeds reports whether every deployment of both sides has the same seeds, each once.
func sameSeeds(before, now []Run) bool {
	of := map[string][]int64{}
	for side, runs := range [][]Run{before, now} {
		for _, r := range runs {
			key := fmt.Sprint(side, r.Deployment)
			of[key] = append(of[key], r.Seed)
		}
	}
	var first []int64
	for _, seeds := range of {
		slices.Sort(seeds)
		if len(slices.Compact(slices.Clone(seeds))) != len(seeds) {
			return false
		}
		if first == nil {
			first = seeds
		}
		if !slices.Equal(first, seeds) {
			return false
		}
	}
	return true
}
