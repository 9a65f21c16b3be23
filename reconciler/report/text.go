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

// column is a metric that tables show, where any row has it. Better is 1 where more is better and -1 where less is; a
// column that says what its best value is called is a headline.
type column struct {
	metric, head, unit string
	better             float64
	best               string
}

// columns are the main numbers of each suite, in the order in which they are shown.
var columns = []column{
	{"request_throughput", "Requests/s", "", 1, ""}, {"output_throughput", "Output tokens/s", "", 1, "Highest"},
	{"request_goodput", "Goodput, requests/s", "", 1, "Highest"},
	{"ttft_median_ms", "TTFT median", "ms", -1, "Lowest"}, {"ttft_p99_ms", "TTFT p99", "ms", -1, ""},
	{"tpot_median_ms", "TPOT median", "ms", -1, ""}, {"itl_p99_ms", "ITL p99", "ms", -1, ""}, {"e2el_p99_ms", "E2EL p99", "ms", -1, ""},
	{"correct_rate_percent", "Correct", "%", 1, ""},
	{"ingest_vectors_per_s", "Ingest vectors/s", "", 1, "Highest"}, {"query_sequential_qps", "Sequential queries/s", "", 1, "Highest"},
	{"recall_at_10", "Recall@10", "", 1, "Highest"},
	{"score_bandwidth_gibs", "Bandwidth", "GiB/s", 1, "Highest"}, {"score_iops_kiops", "Metadata", "kIOPS", 1, "Highest"},
	{"score_total", "Score", "", 1, "Highest"},
	{"error_rate_percent", "Errors", "%", -1, ""},
}

// columnsOf are those that a benchmark's summaries have.
func columnsOf(all []Summary) (out []column) {
	for _, c := range columns {
		if slices.ContainsFunc(all, func(s Summary) bool { _, ok := s.Metrics[c.metric]; return ok }) {
			out = append(out, c)
		}
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

// cell is a mean with half of its interval.
func cell(s Summary, c column) string {
	v, ok := s.Metrics[c.metric]
	switch {
	case !ok:
		return "–"
	case v.Lo == nil:
		return number(v.Mean)
	}
	half := (*v.Hi - *v.Lo) / 2
	digits := decimals(half)
	return strconv.FormatFloat(v.Mean, 'f', digits, 64) + " ± " + strconv.FormatFloat(half, 'f', digits, 64)
}

// decimals are those that two digits of an interval need: the mean has no more that mean anything.
func decimals(half float64) int {
	if half <= 0 {
		return 0
	}
	return min(6, max(0, 1-int(math.Floor(math.Log10(half)))))
}

func (c column) title() string {
	if c.unit == "" {
		return c.head
	}
	return c.head + ", " + c.unit
}

// plain is the title inside a sentence: words begin small, abbreviations do not.
func (c column) plain() string {
	t := c.title()
	if t[1] >= 'a' && t[1] <= 'z' {
		return strings.ToLower(t[:1]) + t[1:]
	}
	return t
}

// number prints three significant digits, all digits of large numbers.
func number(v float64) string {
	if a := math.Abs(v); a >= 100 || v == math.Trunc(v) && a < 1e6 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

func pointText(p map[string]string) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(p)) {
		parts = append(parts, k+"="+p[k])
	}
	return strings.Join(parts, ", ")
}

// marks say what a reader must not miss about a summary.
func (s Summary) marks() string {
	var out []string
	if s.Simulated {
		out = append(out, "simulated")
	}
	if s.Engine != "" {
		out = append(out, "engine "+s.Engine)
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

// measuredText is what a run that does not count has measured, in its columns.
func measuredText(row results.Row) string {
	var out []string
	for _, c := range columns {
		if v, ok := row.Metrics[c.metric]; ok && c.best != "" {
			out = append(out, c.title()+" "+number(v))
		}
	}
	return strings.Join(out, "; ")
}

func why(row results.Row) string {
	var out []string
	for _, y := range row.Reasons {
		out = append(out, y.Reason+": "+y.Message)
	}
	if len(out) == 0 {
		return row.Phase
	}
	return strings.Join(out, "; ")
}

// older says that the newest revision has no result yet; empty when it has.
func (r Report) older() string {
	if r.Unmeasured == 0 {
		return ""
	}
	return fmt.Sprintf("Revision %d, the newest, has no result yet; this is %s.", r.Unmeasured, r.measured[len(r.measured)-1].name())
}

// median with its interval, as order statistics give it.
func median(m results.Median) string {
	if math.IsInf(m.Lo, 0) || math.IsInf(m.Hi, 0) {
		return number(m.Center)
	}
	return fmt.Sprintf("%s [%s, %s]", number(m.Center), number(m.Lo), number(m.Hi))
}

func pValue(c compare.Row) string {
	if c.P == nil {
		return c.Repeats()
	}
	return fmt.Sprintf("%.3f, %s", *c.P, c.Repeats())
}
