package view

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/plan"
	"assay/reconciler/view/live"
	"assay/reconciler/view/text"
)

// Rows sum an experiment up on a terminal: one for each service and each benchmark, whose runs are in it. Spec is the
// experiment as it was resolved.
func Rows(e v1alpha1.ExperimentStatus, spec v1alpha1.Experiment, now time.Time) (out []live.Row) {
	for _, v := range e.Services {
		out = append(out, serviceLive(e.Name, v, now))
	}
	for _, b := range e.Benchmarks {
		out = append(out, benchmarkLive(e, b, spec, now))
		for _, l := range searchLines(e.Name, b) {
			r := live.Row{Object: l.Object, Kind: "search", State: l.State, Class: live.Done, Detail: l.Detail}
			if l.State == "Searching" {
				r.Class = live.Moving
			}
			out = append(out, r)
		}
	}
	return out
}

func serviceLive(experiment string, v v1alpha1.ServiceStatus, now time.Time) live.Row {
	ready, scheduled := v1alpha1.Find(v.Conditions, v1alpha1.Ready), v1alpha1.Find(v.Conditions, v1alpha1.Scheduled)
	r := live.Row{Object: experiment + "/" + v.Name, Kind: "service", State: ServiceState(v), Class: live.Moving, Detail: ServiceDetail(v)}
	if !ready.LastTransitionTime.IsZero() {
		r.Age = now.Sub(ready.LastTransitionTime)
	}
	switch {
	case is(v.Conditions, v1alpha1.Stalled):
		r.Class = live.Bad
	case ready.Status == v1alpha1.True:
		r.Class = live.Done
	case ready.Status == v1alpha1.Unknown:
		r.Class = live.Unsure
	case scheduled.Status == v1alpha1.False || strings.HasPrefix(ready.Reason, "Waiting"):
		r.Class = live.Waiting
	}
	if r.Class == live.Moving || r.Class == live.Waiting {
		longWork(&r, v, now)
	}
	return r
}

// longWork shows what a service is at when it is known how long that is: what its server says of its start, or the queue with
// the scheduler's estimate.
func longWork(r *live.Row, v v1alpha1.ServiceStatus, now time.Time) {
	for _, seat := range v.Seats {
		switch w := seat.Work; {
		case w != nil:
			r.Share, r.Detail = live.Share{Done: w.Done, Total: w.Total}, fmt.Sprintf("%s: %g of %g", w.What, w.Done, w.Total)
			return
		case seat.JobState == string(drivers.JobPending) && seat.Expected != nil && seat.Expected.After(now):
			if seat.Submitted != nil {
				r.Share = live.Share{Done: now.Sub(*seat.Submitted).Seconds(), Total: seat.Expected.Sub(*seat.Submitted).Seconds()}
			}
			r.Detail = fmt.Sprintf("job %s starts in about %s as the scheduler sees it (%s)", seat.JobID, About(seat.Expected.Sub(now)), cmp.Or(seat.Reason, "no reason given"))
			return
		}
	}
}

func benchmarkLive(e v1alpha1.ExperimentStatus, b v1alpha1.BenchmarkStatus, spec v1alpha1.Experiment, now time.Time) live.Row {
	p := progressOf(e, b, spec)
	r := live.Row{Object: e.Name + "/" + b.Name, Kind: "benchmark", Detail: p.line(now)}
	c := v1alpha1.Find(b.Conditions, v1alpha1.Complete)
	if !c.LastTransitionTime.IsZero() {
		r.Age = now.Sub(c.LastTransitionTime)
	}
	switch {
	case b.Done >= b.Runs && p.failed > 0:
		r.State, r.Class = "Failed", live.Bad
	case b.Done >= b.Runs && b.Runs > 0:
		r.State, r.Class = "Complete", live.Done
		if v := v1alpha1.Find(b.Conditions, v1alpha1.Valid); v.Status == v1alpha1.False {
			r.State, r.Class, r.Detail = "Invalid", live.Bad, r.Detail+"; not valid: "+v.Message
		}
	case len(p.active) > 0:
		r.State, r.Class, r.Share = "Running", live.Moving, live.Share{Done: p.share(), Total: float64(b.Runs)}
	case b.Done > 0 && (c.Reason == string(plan.InProgress) || c.Reason == string(plan.WaitingForPoint)): // the next run is about to be made
		r.State, r.Class, r.Share = "Running", live.Moving, live.Share{Done: p.share(), Total: float64(b.Runs)}
	default:
		r.State, r.Class = "Waiting", live.Waiting
		r.Detail += "; " + c.Reason + " " + c.Message
	}
	return r
}

// About is a length of time that nobody knows exactly: 40 s, 12 min, 3 h, 2 d.
func About(d time.Duration) string {
	switch d = max(d, 0); {
	case d < 90*time.Second:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 90*time.Minute:
		return fmt.Sprintf("%d min", int(d.Minutes()+0.5))
	case d < 48*time.Hour:
		return fmt.Sprintf("%.3g h", d.Round(6*time.Minute).Hours())
	}
	return strings.Replace(text.Duration(d.Round(24*time.Hour)), "d", " d", 1)
}
