package report

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"

	"assay/drivers/durable"
	"assay/drivers/safefile"
	"assay/reconciler/results"
)

// request is one row of a serving run's samples: when it was sent in seconds, its latencies in milliseconds.
type request struct {
	at, ttft, e2el float64
	failed         bool
}

// requests reads samples.csv of a run, in the order in which they were sent; none when the file is missing or malformed.
func requests(dir string) []request {
	if dir == "" { // the answer of a search, which is no run
		return nil
	}
	f, err := safefile.OpenIn(dir, "samples.csv")
	if err != nil {
		return nil
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) < 2 || len(rows[0]) < 8 {
		return nil
	}
	var out []request
	for _, row := range rows[1:] {
		sent, err1 := strconv.ParseFloat(row[2], 64)
		first, err2 := strconv.ParseFloat(row[3], 64)
		last, err3 := strconv.ParseFloat(row[4], 64)
		switch {
		case err1 == nil && row[7] != "":
			out = append(out, request{at: sent / 1e9, failed: true})
		case err1 == nil && err2 == nil && err3 == nil:
			out = append(out, request{at: sent / 1e9, ttft: (first - sent) / 1e6, e2el: (last - sent) / 1e6})
		}
	}
	slices.SortFunc(out, func(a, b request) int { return cmp.Compare(a.at, b.at) })
	for i := len(out) - 1; i >= 0; i-- {
		out[i].at -= out[0].at
	}
	return out
}

// frontierPoint is an entry of frontier.json of a vector run.
type frontierPoint struct {
	EF     int     `json:"ef"`
	Recall float64 `json:"recall"`
	QPS    float64 `json:"qps"`
}

func frontierFile(dir string) (out []frontierPoint) {
	if dir == "" {
		return nil
	}
	b, err := durable.Read(filepath.Join(dir, "frontier.json"), durable.MaxRecord)
	if err != nil || json.Unmarshal(b, &out) != nil {
		return nil
	}
	return out
}

// latencies are the two latencies that every successful request has.
var latencies = []struct {
	id, name, what string
	of             func(request) float64
}{
	{"ttft", "TTFT", "their first token", func(q request) float64 { return q.ttft }},
	{"e2el", "E2EL", "their last token", func(q request) float64 { return q.e2el }},
}

// distributions draws the share of requests whose latency is below a value, of all repeats of a point together. Invalid
// runs have dashed curves of their own.
func distributions(name string, all []Summary) (out []Figure, err error) {
	for _, l := range latencies {
		var curves, invalid []series
		for _, s := range all {
			label := cmp.Or(pointText(s.Point), "all requests")
			curves = append(curves, distribution(label, s.group.Rows, l.of)...)
			for _, c := range distribution(label+", not valid", s.group.Invalid, l.of) {
				c.bad = true
				invalid = append(invalid, c)
			}
		}
		curves, note := some(curves, mostCurves, "points")
		invalid, more := some(invalid, 3, "points with runs that are not valid")
		if len(curves)+len(invalid) == 0 {
			continue
		}
		d, err := lines(axes{x: l.name + ", ms", y: "share of requests, %", top: 104}, append(curves, invalid...))
		figures, err := figure(l.id+"-"+name, name+": distribution of "+l.name,
			fmt.Sprintf("The share of requests that had %s within a time, all repeats together.%s%s", l.what, note, more), all, d, err)
		if err != nil {
			return nil, err
		}
		out = append(out, figures...)
	}
	return out, nil
}

// distribution is one curve, or none for too few requests.
func distribution(label string, rows []results.Row, of func(request) float64) []series {
	var values []float64
	for _, row := range rows {
		if row.Overloaded() { // its latencies are of a queue, and depend on how long the run was
			continue
		}
		for _, q := range requests(row.Dir) {
			if !q.failed {
				values = append(values, of(q))
			}
		}
	}
	if len(values) < 10 {
		return nil
	}
	slices.Sort(values)
	return []series{{name: label, lined: true, spots: shares(values)}}
}

// shares are the steps of a cumulative distribution, thinned out.
func shares(sorted []float64) []spot {
	const steps = 200
	out := make([]spot, 0, steps+1)
	for i := range steps + 1 {
		k := i * (len(sorted) - 1) / steps
		y := 100 * float64(k+1) / float64(len(sorted))
		out = append(out, spot{x: sorted[k], y: y, lo: y, hi: y})
	}
	return out
}

// timeline draws TTFT over the time of the runs at the point that was measured last. Each repeat is a series; failed requests
// are on the axis.
func timeline(name string, all []Summary) ([]Figure, error) {
	last := slices.MaxFunc(all, func(a, b Summary) int { return a.group.Last().Compare(b.group.Last()) })
	rows, note := some(slices.Concat(last.group.Rows, last.group.Invalid), mostCurves, "runs")
	var out []series
	failed := series{name: "failed requests", bad: true}
	for _, row := range rows {
		qs := requests(row.Dir)
		dots := series{name: fmt.Sprintf("repeat %d", row.Repeat), bad: !row.Valid}
		if !row.Valid {
			dots.name += ", not valid"
		}
		for i := 0; i < len(qs); i += 1 + len(qs)/1000 {
			if qs[i].failed {
				failed.spots = append(failed.spots, exact(qs[i].at, 0))
				continue
			}
			dots.spots = append(dots.spots, exact(qs[i].at, qs[i].ttft))
		}
		if len(dots.spots) > 0 {
			out = append(out, dots)
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	d, err := lines(axes{x: "seconds since the first request", y: "TTFT, ms"}, append(out, failed))
	where := ""
	if len(last.Point) > 0 {
		where = " at " + pointText(last.Point)
	}
	return figure("timeline-"+name, name+": TTFT over time",
		"Every request"+where+" by when it was sent: a warm-up, a pause or a drift shows here. One that failed lies on the axis."+note, all, d, err)
}
