package view

import (
	"maps"
	"slices"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/reconciler/view/live"
	"assay/reconciler/view/text"
)

// Lines sum an experiment up where there is no terminal: one line for each service, each benchmark that waits, and each run.
func Lines(e v1alpha1.ExperimentStatus) []live.Line {
	var out []live.Line
	for _, v := range e.Services {
		out = append(out, live.Line{Object: e.Name + "/" + v.Name, State: ServiceState(v), Reason: serviceReason(v), Detail: ServiceDetail(v)})
	}
	for _, b := range e.Benchmarks {
		if b.Done < b.Runs && !hasActiveRun(e, b.Name) {
			c := v1alpha1.Find(b.Conditions, v1alpha1.Complete)
			out = append(out, live.Line{Object: e.Name + "/" + b.Name, State: "Waiting", Reason: c.Reason, Detail: strings.TrimSpace(c.Reason + " " + c.Message)})
		}
		out = append(out, searchLines(e.Name, b)...)
	}
	for _, r := range e.Runs {
		out = append(out, live.Line{Object: e.Name + "/" + r.ID, State: r.Phase, Reason: r.Reason, Detail: RunDetail(r)})
	}
	return out
}

func hasActiveRun(e v1alpha1.ExperimentStatus, benchmark string) bool {
	return slices.ContainsFunc(e.Runs, func(r v1alpha1.RunStatus) bool { return r.Benchmark == benchmark && active(r) })
}

// active reports whether a run has not ended.
func active(r v1alpha1.RunStatus) bool {
	return r.Phase == v1alpha1.RunPending || r.Phase == v1alpha1.RunRunning
}

// ServiceState is how a service is, in one word: Ready, Stalled, Unknown, or the reason why it is not Ready yet.
func ServiceState(v v1alpha1.ServiceStatus) string {
	ready := v1alpha1.Find(v.Conditions, v1alpha1.Ready)
	switch {
	case is(v.Conditions, v1alpha1.Stalled):
		return "Stalled"
	case ready.Status == v1alpha1.True:
		return "Ready"
	case ready.Status == v1alpha1.Unknown:
		return "Unknown"
	}
	return ready.Reason
}

// serviceReason is why a service is not Ready; while its job waits, the scheduler's own word.
func serviceReason(v v1alpha1.ServiceStatus) string {
	ready, scheduled := v1alpha1.Find(v.Conditions, v1alpha1.Ready), v1alpha1.Find(v.Conditions, v1alpha1.Scheduled)
	switch {
	case ready.Status == v1alpha1.True:
		return ""
	case scheduled.Status == v1alpha1.False:
		return ready.Reason + " " + scheduled.Reason
	}
	return ready.Reason
}

// ServiceDetail is what there is to say of it: its address while it is Ready, else why it is not.
func ServiceDetail(v v1alpha1.ServiceStatus) string {
	c := v1alpha1.Find(v.Conditions, v1alpha1.Ready)
	if is(v.Conditions, v1alpha1.Stalled) {
		c = v1alpha1.Find(v.Conditions, v1alpha1.Stalled)
	}
	if c.Status == v1alpha1.True && len(v.Seats) > 0 && v.Seats[0].Endpoint != "" {
		return v.Seats[0].Endpoint
	}
	return c.Message
}

// RunDetail is what there is to say of a run besides its phase.
func RunDetail(r v1alpha1.RunStatus) string {
	waits := v1alpha1.Find(r.Conditions, v1alpha1.Complete)
	switch {
	case r.Phase == v1alpha1.RunPending && waits.Message != "":
		return strings.TrimSpace(waits.Reason + " " + waits.Message)
	case r.Phase == v1alpha1.RunRunning && r.Progress != "":
		return r.Progress
	case r.Phase == v1alpha1.RunComplete:
		if c := v1alpha1.Find(r.Conditions, v1alpha1.Valid); c.Status == v1alpha1.False {
			return "not valid: " + c.Message
		}
		return ""
	}
	return strings.TrimSpace(r.Reason)
}

// KindOf is a service's kind. It never lets a simulated server pass for a real one.
func KindOf(v v1alpha1.ServiceStatus) string {
	if v.Simulated {
		return v.Kind + " (simulated)"
	}
	return v.Kind
}

// Point is a sweep's point in one cell.
func Point(point map[string]string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(point)) {
		out = append(out, k+"="+point[k])
	}
	return strings.Join(out, ",")
}

// RunTime is how long a run took, or has taken so far.
func RunTime(r v1alpha1.RunStatus) string {
	switch {
	case r.Started == nil:
		return "-"
	case r.Ended == nil:
		return text.Duration(time.Since(*r.Started))
	}
	return text.Duration(r.Ended.Sub(*r.Started))
}
