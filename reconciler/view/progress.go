package view

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/api/v1alpha1"
)

// leastForETA is how many points have to be done before the end of a sweep is estimated.
const leastForETA = 2

// progress is how far a benchmark is.
type progress struct {
	done, total, failed int
	unit                string          // points; runs, where each point has several, or where a search decides how many there are
	open                bool            // a search decides how many there are
	took                []time.Duration // the last of what is done
	ends                []time.Time
	active              []v1alpha1.RunStatus
}

func progressOf(e v1alpha1.ExperimentStatus, b v1alpha1.BenchmarkStatus, spec v1alpha1.Experiment) progress {
	p := progress{done: b.Done, total: b.Runs, failed: b.Failed, unit: "points", open: len(b.Searches) > 0}
	for _, declared := range spec.Spec.Benchmarks {
		if r := declared.Repeats; declared.Name == b.Name && r != nil && (r.Total() > 1 || r.Stop != "") || p.open {
			p.unit = "runs"
		}
	}
	var complete []v1alpha1.RunStatus
	for _, r := range e.Runs {
		switch {
		case r.Benchmark != b.Name:
		case active(r):
			p.active = append(p.active, r)
		case r.Phase == v1alpha1.RunComplete && r.Started != nil && r.Ended != nil:
			complete = append(complete, r)
		}
	}
	slices.SortFunc(complete, func(a, b v1alpha1.RunStatus) int { return b.Ended.Compare(*a.Ended) })
	for _, r := range complete[:min(len(complete), p.done)] { // those of an earlier revision took what they took
		p.took, p.ends = append(p.took, r.Ended.Sub(*r.Started)), append(p.ends, *r.Ended)
	}
	return p
}

// line is the sweep in a line: "24/36 points, 3 failed, ETA 12 min, now itl=2ms x3".
func (p progress) line(now time.Time) string {
	out := fmt.Sprintf("%d/%d %s", p.done, p.total, p.unit)
	if p.open {
		out = fmt.Sprintf("%d %s", p.done, p.unit)
	}
	if p.failed > 0 {
		out += fmt.Sprintf(", %d failed", p.failed)
	}
	if p.done < p.total && !p.open {
		out += ", ETA " + p.eta(now)
	}
	if point := p.now(); point != "" {
		out += ", now " + point
	}
	return out
}

// now names the points that are being measured; x2 is the second run of a point.
func (p progress) now() string {
	var out []string
	for _, r := range p.active {
		at := Point(r.Point)
		if r.Repeat > 1 {
			at = strings.TrimSpace(at + fmt.Sprintf(" x%d", r.Repeat))
		}
		if len(p.active) == 1 && r.Progress != "" {
			at = strings.TrimSpace(at + " (" + r.Progress + ")")
		}
		if at != "" && !slices.Contains(out, at) {
			out = append(out, at)
		}
	}
	if len(out) > 2 {
		out = append(out[:2], fmt.Sprintf("%d more", len(out)-2))
	}
	return strings.Join(out, " and ")
}

// eta is when the sweep ends, from what its points have taken: their median for each that is left, of which as many are measured
// side by side as now; or the median time from one end to the next, where that is longer, as with restarts in between. A dash
// until two points are done.
func (p progress) eta(now time.Time) string {
	if len(p.took) < leastForETA {
		return "–"
	}
	typical := median(p.took)
	left := typical * time.Duration(p.total-p.done)
	running := 0
	for _, r := range p.active {
		if r.Phase == v1alpha1.RunRunning && r.Started != nil {
			running++
			left -= min(typical, max(0, now.Sub(*r.Started)))
		}
	}
	var gaps []time.Duration
	slices.SortFunc(p.ends, time.Time.Compare)
	for i := range p.ends[1:] {
		gaps = append(gaps, p.ends[i+1].Sub(p.ends[i]))
	}
	since := min(median(gaps), max(0, now.Sub(p.ends[len(p.ends)-1])))
	return About(max(left/time.Duration(max(1, running)), median(gaps)*time.Duration(p.total-p.done)-since))
}

func median(all []time.Duration) time.Duration {
	all = slices.Clone(all)
	slices.Sort(all)
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}

var ofTotal = regexp.MustCompile(`\b([0-9]+) of ([0-9]+)\b`)

// share is what is done, with what the runs under way say of themselves ("120 of 500 requests").
func (p progress) share() float64 {
	share := float64(p.done)
	for _, r := range p.active {
		if m := ofTotal.FindStringSubmatch(r.Progress); m != nil {
			done, _ := strconv.ParseFloat(m[1], 64) // digits
			total, _ := strconv.ParseFloat(m[2], 64)
			if total > 0 {
				share += min(1, done/total)
			}
		}
	}
	return share
}
