package report

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/reconciler/results"
)

// column is a metric that tables show, where any row has it.
type column struct{ metric, head, unit string }

// columns are the main numbers of each suite, in the order in which they are shown.
var columns = []column{
	{"request_throughput", "Requests/s", ""}, {"output_throughput", "Output tokens/s", ""}, {"request_goodput", "Goodput/s", ""},
	{"ttft_median_ms", "TTFT median", "ms"}, {"ttft_p99_ms", "TTFT p99", "ms"}, {"tpot_median_ms", "TPOT median", "ms"}, {"itl_p99_ms", "ITL p99", "ms"},
	{"e2el_p99_ms", "E2EL p99", "ms"}, {"correct_rate_percent", "Correct", "%"},
	{"ingest_vectors_per_s", "Ingest vectors/s", ""}, {"query_sequential_qps", "Sequential queries/s", ""}, {"recall_at_10", "Recall@10", ""},
	{"score_bandwidth_gibs", "Bandwidth", "GiB/s"}, {"score_iops_kiops", "Metadata", "kIOPS"}, {"score_total", "Score", ""},
	{"error_rate_percent", "Errors", "%"},
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
	if !ok {
		return "–"
	}
	text := number(v.Mean)
	if v.Lo != nil {
		text += " ± " + number((*v.Hi-*v.Lo)/2)
	}
	return text
}

func (c column) title() string {
	if c.unit == "" {
		return c.head
	}
	return c.head + ", " + c.unit
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

// Markdown is the report for an issue or a chat.
func (r Report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n", r.Experiment)
	if r.Simulated {
		b.WriteString("**Some of these figures are simulated; they are marked.**\n\n")
	}
	if r.Verdict != "" {
		fmt.Fprintf(&b, "Verdict: **%s**\n\n| Benchmark | Point | Gate | Verdict | Reason |\n|---|---|---|---|---|\n", r.Verdict)
		for _, g := range r.Gates {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", bar(g.Benchmark), bar(pointText(g.Point)), bar(g.Gate), g.Verdict, bar(g.Reason))
		}
		b.WriteString("\n")
	}
	for _, name := range r.benchmarks() {
		all := r.of(name)
		cols := columnsOf(all)
		fmt.Fprintf(&b, "## %s\n\nMean over repeats ± half of the 95 %% interval.\n\n| Point | Runs |", name)
		rule := "|---|---|"
		for _, c := range cols {
			fmt.Fprintf(&b, " %s |", c.title())
			rule += "---|"
		}
		b.WriteString(" Note |\n" + rule + "---|\n")
		for _, s := range all {
			fmt.Fprintf(&b, "| %s | %d |", bar(pointText(s.Point)), s.Runs)
			for _, c := range cols {
				fmt.Fprintf(&b, " %s |", cell(s, c))
			}
			fmt.Fprintf(&b, " %s |\n", bar(s.marks()))
		}
		b.WriteString("\n")
	}
	if bad := r.invalid(); len(bad) > 0 {
		b.WriteString("## Not counted\n\n| Run | Why |\n|---|---|\n")
		for _, row := range bad {
			fmt.Fprintf(&b, "| %s | %s |\n", row.Run, bar(why(row)))
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "Revisions: %s. Written %s.\n", r.revisionText(), r.Generated.UTC().Format(time.RFC3339))
	return b.String()
}

// bar keeps a cell in its column.
func bar(s string) string { return strings.NewReplacer("|", `\|`, "\n", " ").Replace(s) }

func (r Report) invalid() (out []results.Row) {
	for _, row := range r.Runs {
		if !row.Valid {
			out = append(out, row)
		}
	}
	return out
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

func (r Report) revisionText() string {
	var out []string
	for _, v := range r.Revisions {
		text := v.Hash
		if v.Commit != "" {
			text += " (commit " + v.Commit[:min(len(v.Commit), 12)] + ")"
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// CSV has one row a run: what it is, its point, its metrics.
func (r Report) CSV() ([]byte, error) {
	params, metrics := map[string]bool{}, map[string]bool{}
	for _, row := range r.Runs {
		for k := range row.Point {
			params[k] = true
		}
		for k := range row.Metrics {
			metrics[k] = true
		}
	}
	ps, ms := slices.Sorted(maps.Keys(params)), slices.Sorted(maps.Keys(metrics))
	head := []string{"experiment", "benchmark", "repeat", "run", "revision", "phase", "valid", "simulated", "engine", "started"}
	for _, p := range ps {
		head = append(head, "point_"+p)
	}
	rows := [][]string{append(head, ms...)}
	for _, row := range r.Runs {
		line := []string{row.Experiment, row.Benchmark, strconv.Itoa(row.Repeat), row.Run, row.Revision, row.Phase, strconv.FormatBool(row.Valid),
			strconv.FormatBool(row.Simulated), row.Engine(), row.Started.UTC().Format(time.RFC3339)}
		for _, p := range ps {
			line = append(line, row.Point[p])
		}
		for _, m := range ms {
			v, ok := row.Metrics[m]
			if !ok {
				line = append(line, "")
				continue
			}
			line = append(line, strconv.FormatFloat(v, 'g', -1, 64))
		}
		rows = append(rows, line)
	}
	var b bytes.Buffer
	err := csv.NewWriter(&b).WriteAll(rows)
	return b.Bytes(), err
}
