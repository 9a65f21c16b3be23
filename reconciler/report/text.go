package report

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"assay/reconciler/compare"
	"assay/reconciler/results"
)

// power are what is shown of electricity beside the columns of the catalogue: nobody compares it by default, but who has it wants it.
var power = []string{"gpu_power_mean_w", "energy_per_request_j", "energy_per_output_token_j"}

// columnsOf are the metrics that a benchmark's tables show, of those that its summaries have.
func columnsOf(all []Summary) []results.Metric {
	names := metricsOf(all)
	out := results.Shown(results.Column, names)
	for _, name := range power {
		if slices.Contains(names, name) {
			out = append(out, results.Describe(name))
		}
	}
	return out
}

// metricsOf are the names of the metrics that any of some summaries has.
func metricsOf(all []Summary) (out []string) {
	for _, s := range all {
		out = slices.AppendSeq(out, maps.Keys(s.Metrics))
	}
	return out
}

// benchmarks are the names, in the order of their first summary.
func (r Report) benchmarks() (out []string) {
	for _, s := range r.Summary {
		if !slices.Contains(out, s.Benchmark) {
			out = append(out, s.Benchmark)
		}
	}
	return out
}

func (r Report) of(benchmark string) (out []Summary) {
	for _, s := range r.Summary {
		if s.Benchmark == benchmark {
			out = append(out, s)
		}
	}
	return out
}

// cell is a mean with half of its interval, or why there is none.
func cell(s Summary, c results.Metric) string {
	mean, spread := cells(s, c)
	switch {
	case spread == "":
		return mean
	case strings.HasPrefix(spread, "±"):
		return mean + " " + spread
	}
	return mean + " (" + spread + ")"
}

// cells are the two lines of a cell: the mean, and ± half of its interval or the reason why there is none.
func cells(s Summary, c results.Metric) (mean, spread string) {
	v, ok := s.Metrics[c.Name]
	switch {
	case !ok:
		return "–", ""
	case v.Lo == nil:
		return results.Number(v.Mean), many(v.N, "run")
	}
	half := (*v.Hi - *v.Lo) / 2
	digits := decimals(half)
	return strconv.FormatFloat(v.Mean, 'f', digits, 64), "± " + strconv.FormatFloat(half, 'f', digits, 64)
}

// decimals are those that two digits of an interval need: further digits of the mean would be noise.
func decimals(half float64) int {
	if half <= 0 {
		return 0
	}
	return min(6, max(0, 1-int(math.Floor(math.Log10(half)))))
}

// inSentence is a heading inside a sentence: words begin small, abbreviations do not.
func inSentence(heading string) string {
	if heading[1] >= 'a' && heading[1] <= 'z' {
		return strings.ToLower(heading[:1]) + heading[1:]
	}
	return heading
}

func pointText(p map[string]string) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(p)) {
		parts = append(parts, k+"="+p[k])
	}
	return strings.Join(parts, ", ")
}

// marks are the remarks on a summary: simulated, its engine, runs that were overloaded, runs not counted.
func (s Summary) marks() string {
	var out []string
	if s.Simulated {
		out = append(out, "simulated")
	}
	if s.Engine != "" {
		out = append(out, "engine "+s.Engine)
	}
	if n := s.group.Overloaded(); n > 0 {
		out = append(out, fmt.Sprintf("%d overloaded: latencies left out", n))
	}
	if s.Invalid > 0 {
		out = append(out, fmt.Sprintf("%d not counted", s.Invalid))
	}
	return strings.Join(out, ", ")
}

func (r Report) invalid() (out []results.Row) {
	for _, row := range r.Runs {
		if !row.Valid {
			out = append(out, row)
		}
	}
	return out
}

// measuredText is what a run that does not count has measured: its headlines.
func measuredText(row results.Row) string {
	var out []string
	for _, m := range results.Shown(results.Headline, results.SortedKeys(row.Metrics)) {
		out = append(out, m.Heading()+" "+results.Number(row.Metrics[m.Name]))
	}
	return strings.Join(out, "; ")
}

// why is why a run does not count: its reasons, or its phase.
func why(row results.Row) string {
	var out []string
	for _, r := range row.Reasons {
		out = append(out, r.Reason+": "+r.Message)
	}
	if len(out) == 0 {
		return row.Phase
	}
	return strings.Join(out, "; ")
}

// older is a remark that the newest revision has no result yet; empty when it has one.
func (r Report) older() string {
	if r.Unmeasured == 0 {
		return ""
	}
	return fmt.Sprintf("Revision %d, the newest, has no result yet; this is %s.", r.Unmeasured, r.measured[len(r.measured)-1].name())
}

// median with its interval, or why there is none.
func median(m results.Median) string {
	if math.IsInf(m.Lo, 0) || math.IsInf(m.Hi, 0) {
		return results.Number(m.Center) + " (" + many(m.N, "run") + ")"
	}
	return fmt.Sprintf("%s [%s, %s]", results.Number(m.Center), results.Number(m.Lo), results.Number(m.Hi))
}

func pValue(c compare.Row) string {
	if c.P == nil {
		return c.Repeats()
	}
	return fmt.Sprintf("%.3f, %s", *c.P, c.Repeats())
}
