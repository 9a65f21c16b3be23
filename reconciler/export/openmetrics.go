package export

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/reconciler/results"
)

// writeOpenMetrics writes what the controller exports of runs, with the time at which each ended.
func writeOpenMetrics(f *folder, s Set) error {
	return f.stream("results.om", func(to io.Writer) error {
		w := bufio.NewWriter(to)
		rows := slices.SortedStableFunc(slices.Values(s.Rows), func(a, b results.Row) int {
			return cmp.Or(a.Ended.Compare(b.Ended), strings.Compare(a.Run, b.Run))
		})
		describeMetrics(w, rows)
		family(w, "assay_run_info", "info of a run that has a result; always 1")
		for _, r := range rows {
			gauge(w, "assay_run_info", append(labelsOf(s, r), "commit", r.Commit, "job_id", r.JobID), 1, r.Ended)
		}
		family(w, "assay_run_metric", "a result of a benchmark run; assay_metric_info has the unit of each")
		for _, r := range rows {
			for _, name := range results.SortedKeys(r.Metrics) {
				gauge(w, "assay_run_metric", append(labelsOf(s, r), "metric", name), r.Metrics[name], r.Ended)
			}
		}
		_, _ = w.WriteString("# EOF\n") // Flush has the error
		return w.Flush()
	})
}

// describeMetrics says once for each metric what the catalogue knows of it.
func describeMetrics(w *bufio.Writer, rows []results.Row) {
	all, last := map[string]bool{}, time.Time{}
	for _, r := range rows {
		for name := range r.Metrics {
			all[name] = true
		}
		last = r.Ended
	}
	family(w, "assay_metric_info", "unit of a metric, and which way is better: higher, lower, neither; always 1")
	for _, name := range results.SortedKeys(all) {
		if m, ok := results.Lookup(name); ok {
			gauge(w, "assay_metric_info", []string{"metric", name, "unit", m.Unit, "better", m.Better.String()}, 1, last)
		}
	}
}

func labelsOf(s Set, r results.Row) []string {
	return []string{"experiment", cmp.Or(r.Experiment, s.Experiment), "benchmark", r.Benchmark, "revision", r.Revision[:min(8, len(r.Revision))], "point", r.PointName(),
		"repeat", strconv.Itoa(r.Repeat), "run", r.Run, "simulated", strconv.FormatBool(r.Simulated), "valid", strconv.FormatBool(r.Valid)}
}

func family(w *bufio.Writer, name, help string) {
	fmt.Fprintf(w, "# TYPE %s gauge\n# HELP %s %s\n", name, name, help)
}

var escape = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)

func gauge(w *bufio.Writer, name string, labels []string, v float64, at time.Time) {
	_, _ = w.WriteString(name + "{")
	for i := 0; i+1 < len(labels); i += 2 {
		if i > 0 {
			_ = w.WriteByte(',')
		}
		fmt.Fprintf(w, `%s="%s"`, labels[i], escape.Replace(strings.ToValidUTF8(labels[i+1], "�")))
	}
	fmt.Fprintf(w, "} %s %s\n", omNumber(v), strconv.FormatFloat(float64(at.UnixMilli())/1000, 'f', 3, 64))
}

func omNumber(v float64) string {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 1):
		return "+Inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
