package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"assay/reconciler/results"
)

// mostCurves is how many distributions one figure can hold and still be read.
const mostCurves = 6

// request is one row of a serving run's samples: when it was sent, and its TTFT, both in seconds and milliseconds.
type request struct{ at, ttft float64 }

// requests reads samples.csv of a run; none when there is no such file, or it is not as expected.
func requests(dir string) []request {
	f, err := os.Open(filepath.Join(dir, "samples.csv"))
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
		if err1 == nil && err2 == nil && row[7] == "" {
			out = append(out, request{sent / 1e9, (first - sent) / 1e6})
		}
	}
	slices.SortFunc(out, func(a, b request) int { return compareFloats(a.at, b.at) })
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
	b, err := os.ReadFile(filepath.Join(dir, "frontier.json"))
	if err != nil || json.Unmarshal(b, &out) != nil {
		return nil
	}
	return out
}

// distribution draws the share of requests whose TTFT is below a value, of all repeats together.
func distribution(name string, all []Summary) ([]Figure, error) {
	var curves []series
	for _, s := range all {
		var ttft []float64
		for _, row := range s.group.Rows {
			for _, q := range requests(row.Dir) {
				ttft = append(ttft, q.ttft)
			}
		}
		if len(ttft) < 10 {
			continue
		}
		slices.Sort(ttft)
		label := pointText(s.Point)
		if label == "" {
			label = "all requests"
		}
		curves = append(curves, series{name: label, lined: true, spots: shares(ttft)})
	}
	if len(curves) == 0 {
		return nil, nil
	}
	caption := "The share of requests that had their first token within a time, all repeats together."
	if n := len(curves); n > mostCurves {
		caption += fmt.Sprintf(" %d of %d points are drawn.", mostCurves, n)
		var some []series
		for i := range mostCurves {
			some = append(some, curves[i*(n-1)/(mostCurves-1)])
		}
		curves = some
	}
	return figure("ttft-"+name, name+": distribution of TTFT", caption, all, func() (f Figure, err error) {
		f.SVG, err = lines("TTFT, ms", "share of requests, %", curves)
		return f, err
	})
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

// timeline draws TTFT over the course of the newest valid run.
func timeline(name string, all []Summary) ([]Figure, error) {
	var newest results.Row
	for _, s := range all {
		for _, row := range s.group.Rows {
			if row.Started.After(newest.Started) && len(requests(row.Dir)) > 0 {
				newest = row
			}
		}
	}
	if newest.Run == "" {
		return nil, nil
	}
	qs := requests(newest.Dir)
	dots := series{name: newest.Run}
	for i := 0; i < len(qs); i += 1 + len(qs)/2000 {
		dots.spots = append(dots.spots, spot{x: qs[i].at, y: qs[i].ttft, lo: qs[i].ttft, hi: qs[i].ttft})
	}
	return figure("timeline-"+name, name+": TTFT over time", "Every request of the newest run by when it was sent: a warm-up, a pause or a drift shows here.", all, func() (f Figure, err error) {
		f.SVG, err = lines("seconds since the first request", "TTFT, ms", []series{dots})
		return f, err
	})
}
