package suite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/drivers"
)

// pair makes the windows of two runs that are to be measured together.
func pair(t *testing.T) (a, b *Overlap) {
	t.Helper()
	root := t.TempDir()
	made := func(id, other string) *Overlap {
		dir := filepath.Join(root, id)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		return NewOverlap(drivers.SuiteRequest{Run: id, Overlaps: []string{other}}, dir)
	}
	return made("a-1", "b-1"), made("b-1", "a-1")
}

func begin(ctx context.Context, b *Overlap) chan error {
	done := make(chan error, 1)
	go func() { done <- b.Begin(ctx, func(string) {}) }()
	return done
}

// TestOverlap: a run measures when all are prepared, and each result says for how long the other measured too.
func TestOverlap(t *testing.T) {
	a, b := pair(t)
	first := begin(t.Context(), a)
	select {
	case err := <-first:
		t.Fatalf("it began alone: %v", err)
	case <-time.After(3 * overlapEvery):
	}
	if err := errors.Join(<-begin(t.Context(), b), <-first); err != nil {
		t.Fatal(err)
	}
	time.Sleep(4 * overlapEvery) // what both measure
	if err := b.End(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(12 * overlapEvery) // what only one does
	if err := a.End(); err != nil {
		t.Fatal(err)
	}
	long, short := drivers.SuiteResult{Metrics: map[string]float64{}}, drivers.SuiteResult{Metrics: map[string]float64{}}
	a.Report(&long)
	b.Report(&short)
	if p := long.Metrics["overlap_percent"]; p <= 0 || p > 75 || len(long.Reasons) != 1 || long.Reasons[0].Reason != ReasonPartialOverlap {
		t.Errorf("the longer one: %v%% %v", p, long.Reasons)
	}
	if p := short.Metrics["overlap_percent"]; p < long.Metrics["overlap_percent"] {
		t.Errorf("the shorter one: %v%% %v", p, short.Reasons)
	}
}

// TestOverlapEnds: a partner that has failed, and a stop, end the wait.
func TestOverlapEnds(t *testing.T) {
	a, b := pair(t)
	waiting := begin(t.Context(), a)
	if err := os.WriteFile(filepath.Join(b.dir, drivers.ResultFile), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := <-waiting; err == nil || !strings.Contains(err.Error(), "b-1") {
		t.Errorf("got %v", err)
	}
	a, _ = pair(t)
	ctx, cancel := context.WithCancel(t.Context())
	waiting = begin(ctx, a)
	cancel()
	if err := <-waiting; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	alone := NewOverlap(drivers.SuiteRequest{}, t.TempDir())
	res := drivers.SuiteResult{Metrics: map[string]float64{}}
	if err := errors.Join(alone.Begin(ctx, nil), alone.End()); err != nil {
		t.Error(err)
	}
	if alone.Report(&res); len(res.Metrics) != 0 {
		t.Errorf("%v", res.Metrics)
	}
}
