package view

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/reconciler/store"
	"assay/reconciler/view/text"
)

// RunColumns head the table of runs.
var RunColumns = []string{"EXPERIMENT", "RUN", "POINT", "PHASE", "VALID", "SIMULATED", "TIME", "RESULT"}

// Table turns objects of one kind into a header and rows. The row of a run is handed in: it shows metrics, which view
// knows nothing of.
func Table(kind string, items []Object, wide bool, runRow func(Object) []string) (header []string, rows [][]string) {
	var row func(Object) []string
	switch kind {
	case "services":
		header, row = []string{"EXPERIMENT", "NAME", "KIND", "READY", "STATUS", "RESTARTS", "AGE", "ENDPOINT"}, serviceRow
	case "jobs":
		header, row = []string{"EXPERIMENT", "JOB", "SEAT", "STATE", "NODES", "LEFT", "REASON"}, jobRow
	case "runs":
		header, row = slices.Clone(RunColumns), runRow
	case "experiments":
		header, row = []string{"NAME", "REVISION", "READY", "COMPLETE", "STATUS", "SERVICES", "RUNS", "AGE"}, experimentRow
	case "benchmarks":
		header, row = []string{"EXPERIMENT", "NAME", "TARGET", "COMPLETE", "STATUS", "RUNS"}, benchmarkRow
	case "sites":
		header, row = []string{"NAME", "SCHEDULER", "ACCOUNT", "STATE"}, siteRow
	case "nodes":
		header, row = []string{"NODE", "JOBS", "SERVICES", "FAILED", "AVOIDED"}, nodeRow
	case "listeners":
		header, row = []string{"EXPERIMENT", "ADDRESS", "NODE", "OWNER", "WHAT", "PROTECTION"}, listenerRow
	case "revisions":
		header, row = []string{"EXPERIMENT", "REVISION", "HASH", "SOURCE", "COMMIT", "AUTHOR", "SUBJECT", "USER", "AGE", "PATH"}, revisionRow
	case "events":
		header, row = []string{"AGE", "TYPE", "EXPERIMENT", "OBJECT", "REASON", "MESSAGE"}, func(o Object) []string { return eventRow(o.Status.(store.Event)) }
	}
	if wide {
		header = append(header, wideColumns(kind)...)
	}
	for _, o := range items {
		cells := row(o)
		if wide {
			cells = append(cells, wideCells(o)...)
		}
		rows = append(rows, cells)
	}
	return header, rows
}

func serviceRow(o Object) []string {
	s := o.Status.(v1alpha1.ServiceStatus)
	endpoint := ""
	var started time.Time
	for _, seat := range s.Seats {
		endpoint = cmp.Or(endpoint, seat.Endpoint)
		if started.IsZero() {
			started = timeOf(seat.Started)
		}
	}
	return []string{o.Metadata.Experiment, o.Metadata.Name, KindOf(s), fmt.Sprintf("%d/%d", s.Ready, s.Replicas), ServiceState(s),
		strconv.Itoa(s.Restarts), text.Age(started), text.Dash(endpoint)}
}

// timeOf is a moment, or zero when it has not come.
func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

func jobRow(o Object) []string {
	s := o.Status.(v1alpha1.SeatStatus)
	return []string{o.Metadata.Experiment, o.Metadata.Name, s.Seat, s.JobState, text.Dash(strings.Join(s.Nodes, ",")), text.Left(timeOf(s.Ends)), text.Dash(s.Reason)}
}

func experimentRow(o Object) []string {
	s := o.Status.(v1alpha1.ExperimentStatus)
	done, total := 0, 0
	for _, b := range s.Benchmarks {
		done += b.Done
		total += b.Runs
	}
	ready, complete := v1alpha1.Find(s.Conditions, v1alpha1.Ready), v1alpha1.Find(s.Conditions, v1alpha1.Complete)
	state := ready.Reason
	if synced := v1alpha1.Find(s.Conditions, v1alpha1.Synced); synced.Status == v1alpha1.False {
		state += "," + synced.Reason
	}
	return []string{s.Name, strconv.FormatInt(s.Generation, 10), ready.Status, complete.Status, state, strconv.Itoa(len(s.Services)), fmt.Sprintf("%d/%d", done, total), text.Age(timeOf(o.Metadata.Created))}
}

func revisionRow(o Object) []string {
	r := o.Status.(RevisionStatus).Origin
	return []string{o.Metadata.Experiment, o.Metadata.Name, o.Metadata.Revision, r.Source, text.Dash(ShortCommit(r.Commit)), text.Dash(r.Author), text.Dash(r.Subject), r.User, text.Age(r.Time), text.Dash(r.Path)}
}

// ShortCommit cuts a commit to ten digits and keeps "-dirty".
func ShortCommit(c string) string {
	hash, dirty, _ := strings.Cut(c, "-")
	hash = hash[:min(10, len(hash))]
	if dirty != "" {
		hash += "-" + dirty
	}
	return hash
}

func eventRow(e store.Event) []string {
	msg, at := e.Message, e.Time
	if e.Count > 1 {
		msg += fmt.Sprintf(" (x%d)", e.Count)
	}
	if !e.Last.IsZero() {
		msg, at = fmt.Sprintf("%s (x%d over %s)", e.Message, e.Count, text.Age(e.Time)), e.Last
	}
	return []string{text.Age(at), e.Type, e.Experiment, e.Object, e.Reason, msg}
}
