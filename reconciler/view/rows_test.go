package view

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/api/v1alpha1"
	"assay/drivers/procid"
	"assay/reconciler/store"
	"assay/reconciler/view/live"
)

// ran is a run of a sweep that took so long, or still runs since then.
func ran(point string, repeat int, phase string, began time.Time, took time.Duration) v1alpha1.RunStatus {
	r := v1alpha1.RunStatus{ID: "r", Benchmark: "sweep", Point: map[string]string{"itl": point}, Repeat: repeat, Phase: phase, Started: &began}
	if took > 0 {
		ended := began.Add(took)
		r.Ended = &ended
	}
	return r
}

// TestSweepRow: one row a sweep, with what is done, what failed, when it ends and what is measured now.
func TestSweepRow(t *testing.T) {
	now := time.Now()
	done := func(took ...time.Duration) (out []v1alpha1.RunStatus) {
		for _, d := range took {
			out = append(out, ran("1ms", 1, v1alpha1.RunComplete, now.Add(-time.Hour), d))
		}
		return out
	}
	repeats := &v1alpha1.Repeats{Runs: 3}
	running := ran("2ms", 3, v1alpha1.RunRunning, now.Add(-30*time.Second), 0)
	for _, c := range []struct {
		name    string
		status  v1alpha1.BenchmarkStatus
		runs    []v1alpha1.RunStatus
		repeats *v1alpha1.Repeats
		want    live.Row
	}{
		{"under way", v1alpha1.BenchmarkStatus{Runs: 36, Done: 24, Failed: 3}, append(done(50*time.Second, time.Minute, 90*time.Second), running), nil,
			live.Row{State: "Running", Class: live.Moving, Detail: "24/36 points, 3 failed, ETA 12 min, now itl=2ms x3", Share: live.Share{Done: 24, Total: 36}}},
		{"two side by side", v1alpha1.BenchmarkStatus{Runs: 36, Done: 24}, append(done(time.Minute, time.Minute), running, ran("4ms", 1, v1alpha1.RunRunning, now.Add(-30*time.Second), 0)), nil,
			live.Row{State: "Running", Class: live.Moving, Detail: "24/36 points, ETA 6 min, now itl=2ms x3 and itl=4ms", Share: live.Share{Done: 24, Total: 36}}},
		{"one point is no estimate", v1alpha1.BenchmarkStatus{Runs: 3, Done: 1}, append(done(time.Minute), running), repeats,
			live.Row{State: "Running", Class: live.Moving, Detail: "1/3 runs, ETA –, now itl=2ms x3", Share: live.Share{Done: 1, Total: 3}}},
		{"an earlier revision's points are none of it", v1alpha1.BenchmarkStatus{Runs: 3}, append(done(time.Minute, time.Minute), running), repeats,
			live.Row{State: "Running", Class: live.Moving, Detail: "0/3 runs, ETA –, now itl=2ms x3", Share: live.Share{Total: 3}}},
		{"waits", v1alpha1.BenchmarkStatus{Runs: 3, Conditions: []v1alpha1.Condition{{Type: v1alpha1.Complete, Status: v1alpha1.False, Reason: "WaitingForTarget", Message: "llm is not Ready"}}}, nil, nil,
			live.Row{State: "Waiting", Class: live.Waiting, Detail: "0/3 points, ETA –; WaitingForTarget llm is not Ready"}},
		{"done", v1alpha1.BenchmarkStatus{Runs: 3, Done: 3}, done(time.Minute), nil, live.Row{State: "Complete", Class: live.Done, Detail: "3/3 points"}},
		{"failed", v1alpha1.BenchmarkStatus{Runs: 3, Done: 3, Failed: 1}, nil, nil, live.Row{State: "Failed", Class: live.Bad, Detail: "3/3 points, 1 failed"}},
		{"not valid", v1alpha1.BenchmarkStatus{Runs: 1, Done: 1, Conditions: []v1alpha1.Condition{{Type: v1alpha1.Valid, Status: v1alpha1.False, Message: "run q-1: ClientBusy"}}}, nil, nil,
			live.Row{State: "Invalid", Class: live.Bad, Detail: "1/1 points; not valid: run q-1: ClientBusy"}},
	} {
		c.status.Name = "sweep"
		e := v1alpha1.ExperimentStatus{Name: "e", Benchmarks: []v1alpha1.BenchmarkStatus{c.status}, Runs: c.runs}
		spec := v1alpha1.Experiment{Spec: v1alpha1.ExperimentSpec{Benchmarks: []v1alpha1.Benchmark{{Name: "sweep", Repeats: c.repeats}}}}
		c.want.Object, c.want.Kind = "e/sweep", "benchmark"
		if diff := cmp.Diff([]live.Row{c.want}, Rows(e, spec, now)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

// TestRunsProgressCounts: what a run says of itself is part of the bar.
func TestRunsProgressCounts(t *testing.T) {
	r := ran("2ms", 1, v1alpha1.RunRunning, time.Now(), 0)
	r.Progress = "250 of 500 requests"
	p := progressOf(v1alpha1.ExperimentStatus{Runs: []v1alpha1.RunStatus{r}}, v1alpha1.BenchmarkStatus{Name: "sweep", Runs: 4, Done: 1}, v1alpha1.Experiment{})
	if got := p.share(); got != 1.5 {
		t.Errorf("share %g", got)
	}
	if got, want := p.line(time.Now()), "1/4 points, ETA –, now itl=2ms (250 of 500 requests)"; got != want {
		t.Errorf("%q", got)
	}
}

// TestServiceRow: the queue has the scheduler's estimate, and a start what the server says of it.
func TestServiceRow(t *testing.T) {
	now := time.Now()
	submitted, expected := now.Add(-5*time.Minute), now.Add(15*time.Minute)
	condition := func(typ, status, reason string) v1alpha1.Condition {
		return v1alpha1.Condition{Type: typ, Status: status, Reason: reason, LastTransitionTime: submitted, Message: "m"}
	}
	for _, c := range []struct {
		conditions []v1alpha1.Condition
		seat       v1alpha1.SeatStatus
		want       live.Row
	}{
		{[]v1alpha1.Condition{condition(v1alpha1.Ready, v1alpha1.False, "Pending"), condition(v1alpha1.Scheduled, v1alpha1.False, "Priority")},
			v1alpha1.SeatStatus{JobID: "7", JobState: "Pending", Reason: "Priority", Submitted: &submitted, Expected: &expected},
			live.Row{State: "Pending", Class: live.Waiting, Detail: "job 7 starts in about 15 min as the scheduler sees it (Priority)", Share: live.Share{Done: 300, Total: 1200}}},
		{[]v1alpha1.Condition{condition(v1alpha1.Ready, v1alpha1.False, "Pending"), condition(v1alpha1.Scheduled, v1alpha1.False, "Priority")},
			v1alpha1.SeatStatus{JobID: "7", JobState: "Pending", Reason: "Priority", Submitted: &submitted},
			live.Row{State: "Pending", Class: live.Waiting, Detail: "m"}},
		{[]v1alpha1.Condition{condition(v1alpha1.Ready, v1alpha1.False, "Starting")}, v1alpha1.SeatStatus{Work: &v1alpha1.Work{What: "weights", Done: 2, Total: 4}},
			live.Row{State: "Starting", Class: live.Moving, Detail: "weights: 2 of 4", Share: live.Share{Done: 2, Total: 4}}},
		{[]v1alpha1.Condition{condition(v1alpha1.Ready, v1alpha1.True, "AllReady")}, v1alpha1.SeatStatus{Endpoint: "http://n:1"},
			live.Row{State: "Ready", Class: live.Done, Detail: "http://n:1"}},
		{[]v1alpha1.Condition{condition(v1alpha1.Ready, v1alpha1.Unknown, "NotObserved")}, v1alpha1.SeatStatus{}, live.Row{State: "Unknown", Class: live.Unsure, Detail: "m"}},
		{[]v1alpha1.Condition{condition(v1alpha1.Ready, v1alpha1.False, "Failed"), condition(v1alpha1.Stalled, v1alpha1.True, "RestartLimit")}, v1alpha1.SeatStatus{}, live.Row{State: "Stalled", Class: live.Bad, Detail: "m"}},
	} {
		c.want.Object, c.want.Kind, c.want.Age = "e/llm", "service", 5*time.Minute
		e := v1alpha1.ExperimentStatus{Name: "e", Services: []v1alpha1.ServiceStatus{{Name: "llm", Conditions: c.conditions, Seats: []v1alpha1.SeatStatus{c.seat}}}}
		if diff := cmp.Diff([]live.Row{c.want}, Rows(e, v1alpha1.Experiment{}, now)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestAbout(t *testing.T) {
	var got []string
	for _, d := range []time.Duration{-1, 40 * time.Second, 12*time.Minute + 29*time.Second, 150 * time.Minute, 72 * time.Hour} {
		got = append(got, About(d))
	}
	if want := "[0 s 40 s 12 min 2.5 h 3 d]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
}

// TestGoesOn: who interrupts a command learns what goes on, and whether anybody looks after it.
func TestGoesOn(t *testing.T) {
	up := v1alpha1.ExperimentStatus{Name: "e", Services: []v1alpha1.ServiceStatus{{Seats: []v1alpha1.SeatStatus{{JobID: "7", Nonce: "x", Nodes: []string{"n1"}}}}}}
	holder := store.Holder{ID: procid.ID{Host: "login2", PID: 12}, What: "controller"}
	job := "experiment e: 1 job(s) on 1 node(s) still up. Stop with: assay delete experiment e"
	for _, c := range []struct {
		holds bool
		what  string
		want  string
	}{
		{true, "controller", "The controller (pid 12 on login2) looks after everything"},
		{true, "apply", "assay apply (pid 12 on login2) looks after everything until it ends"},
		{false, "", "nobody looks after them now"},
	} {
		holder.What = c.what
		got := GoesOn([]v1alpha1.ExperimentStatus{{Name: "idle"}, up}, holder, c.holds)
		if len(got) != 2 || got[0] != job || !strings.Contains(got[1], c.want) {
			t.Errorf("%q", got)
		}
	}
	if got := GoesOn(slices.Repeat([]v1alpha1.ExperimentStatus{up}, 9), holder, true); len(got) != 8 || got[6] != "and 3 more; all of them: assay get jobs" {
		t.Errorf("%q", got)
	}
}

// TestFetch: a download has a bar, and an end at the rate so far: what was there before it began is none of it.
func TestFetch(t *testing.T) {
	now := time.Now()
	f := &Fetch{Object: "org/model", began: now.Add(-10 * time.Second), at: 1 << 30}
	r := f.row(2<<30, 4<<30, now)
	if want := "2.0 GiB of 4.0 GiB, 102.4 MiB/s, ETA 20 s"; r.Detail != want || r.Share.Part() != 0.5 || r.State != "Fetching" {
		t.Errorf("%+v, want %s", r, want)
	}
	if r := f.row(4<<30, 4<<30, now); r.State != "Fetched" || r.Class != live.Done || r.Detail != "4.0 GiB of 4.0 GiB" {
		t.Errorf("%+v", r)
	}
}
