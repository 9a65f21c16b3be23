package web

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/chart"
	"assay/reconciler/plan"
)

// TestBars: what a job's record says of its queue, run, hand-over and walltime is what is drawn.
func TestBars(t *testing.T) {
	now := time.Now()
	ago := func(m int) time.Time { return now.Add(-time.Duration(m) * time.Minute) }
	at := func(m int) *time.Time { v := ago(m); return &v }
	for name, c := range map[string]struct {
		attempt plan.Attempt
		seat    v1alpha1.SeatStatus
		want    string // state from-to of each span, in minutes ago, and its limit
	}{
		"in the queue": {plan.Attempt{Begun: ago(5)}, v1alpha1.SeatStatus{JobState: "Pending"}, "waiting 5-now"},
		"running":      {plan.Attempt{Begun: ago(9)}, v1alpha1.SeatStatus{JobState: "Running", Started: at(6), Ends: at(-3)}, "waiting 9-6, running 6-now until -3"},
		"ended":        {plan.Attempt{Begun: ago(9), End: &plan.End{At: ago(2), Queued: drivers.SecondsOf(3 * time.Minute)}}, v1alpha1.SeatStatus{}, "waiting 9-6, ended 6-2"},
		"failed":       {plan.Attempt{Begun: ago(9), End: &plan.End{At: ago(2), Failure: true}}, v1alpha1.SeatStatus{}, "failed 9-2"},
		"handed over":  {plan.Attempt{Begun: ago(9), HandedOver: ago(4), End: &plan.End{At: ago(2)}}, v1alpha1.SeatStatus{}, "ended 9-4, waiting 4-2"},
		"draining":     {plan.Attempt{Begun: ago(9), HandedOver: ago(4)}, v1alpha1.SeatStatus{Started: at(9), Ends: at(-3)}, "running 9-4, waiting 4-now until -3"},
		"never ran":    {plan.Attempt{Begun: ago(9), End: &plan.End{At: ago(2), Queued: drivers.SecondsOf(7 * time.Minute)}}, v1alpha1.SeatStatus{}, "waiting 9-2"},
	} {
		line := timeline{Now: now, Lanes: []lane{{"e/llm/0", []bar{barOf(c.attempt, c.seat)}}}}
		line.bounds()
		var got []string
		for _, s := range line.spans(line.Lanes[0].Jobs[0]) {
			minutes := func(t time.Time) string { return fmt.Sprint(int(now.Sub(t).Round(time.Minute).Minutes())) }
			to := "now"
			if !s.To.IsZero() {
				to = minutes(s.To)
			}
			text := fmt.Sprintf("%s %s-%s", s.State, minutes(s.From), to)
			if !s.Limit.IsZero() {
				text += " until " + minutes(s.Limit)
			}
			got = append(got, text)
		}
		if all := strings.Join(got, ", "); all != c.want {
			t.Errorf("%s: %s, want %s", name, all, c.want)
		}
	}
}

// TestAxis: a walltime of days does not hide the minutes that have passed, and both drawings show every job.
func TestAxis(t *testing.T) {
	now := time.Now()
	begun, ends := now.Add(-2*time.Minute), now.Add(8*time.Hour)
	line := timeline{Now: now, Lanes: []lane{{"e/llm/0", []bar{{JobID: "7", State: "Running", Submitted: begun, Started: &begun, Ends: &ends}}}}}
	line.bounds()
	if past, all := now.Sub(line.From), line.To.Sub(line.From); past < all/5 {
		t.Errorf("what has passed is %s of %s", past, all)
	}
	for _, drawn := range []string{string(line.Narrow()), string(line.Wide())} {
		if !strings.Contains(drawn, "job 7") || !strings.Contains(drawn, "chart-"+chart.Running.String()) || !strings.Contains(drawn, "8h0m of its walltime left") && !strings.Contains(drawn, "7h59m of its walltime left") {
			t.Error(drawn)
		}
	}
}
