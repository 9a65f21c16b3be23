package reconciler

import (
	"context"
	"errors"
	"testing"
	"time"

	"assay/drivers"
	"assay/reconciler/plan"
)

// backfill starts jobs at once that end before another one begins, and the others after it. It counts what it is asked.
type backfill struct {
	fits  time.Duration
	asked int
	fail  error
}

func (b *backfill) Estimate(_ context.Context, j drivers.JobSpec) (drivers.Estimate, error) {
	b.asked++
	now := time.Unix(0, 0)
	if j.Time <= b.fits {
		return drivers.Estimate{Start: now, Asked: now}, b.fail
	}
	return drivers.Estimate{Start: now.Add(9 * time.Hour), Asked: now}, b.fail
}

// TestStarts asks for the start of one job of each shape, and for the longest one that would start now, with few calls.
func TestStarts(t *testing.T) {
	job := drivers.JobSpec{Nodes: 2, Time: 12 * time.Hour}
	other := job
	other.Time = 4 * time.Minute
	here := drivers.JobSpec{Here: true}
	costs := []plan.Cost{{Job: job}, {Job: job}, {Job: other}, {Job: here}}
	for name, c := range map[string]struct {
		fits     time.Duration
		least    time.Duration
		most     time.Duration
		asks     int
		in       time.Duration
		refusing error
	}{
		"it starts now":           {fits: 24 * time.Hour, asks: 2},
		"a shorter one does":      {fits: 3 * time.Hour, least: 2 * time.Hour, most: 3 * time.Hour, asks: 2 + mostTries, in: 9 * time.Hour},
		"none does":               {fits: time.Minute, asks: 3, in: 9 * time.Hour},
		"the scheduler refuses":   {refusing: drivers.ErrRejected, asks: 2},
		"the scheduler is silent": {refusing: drivers.ErrUnavailable, asks: 2},
	} {
		b := &backfill{fits: c.fits, fail: c.refusing}
		got := Starts(t.Context(), b, costs)
		if len(got) != 2 || b.asked > c.asks || !errors.Is(got[0].Err, c.refusing) {
			t.Errorf("%s: %+v after %d calls", name, got, b.asked)
			continue
		}
		if s := got[0]; s.Shorter < c.least || s.Shorter > c.most || s.In != c.in && c.refusing == nil {
			t.Errorf("%s: it starts in %s, and at once with %s; want %s, and %s to %s", name, s.In, s.Shorter, c.in, c.least, c.most)
		}
	}
}
