package suite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"assay/drivers"
	"assay/drivers/durable"
)

// Files by which runs that are measured at the same time know of each other. Their directories lie beside one another.
const (
	beginFile = "measuring" // everything is prepared
	endFile   = "measured"
)

// marks writes these files without fsync: they mean nothing once the run has ended, and are written while others measure.
var marks = durable.Writer{NoSync: true}

const (
	overlapWithin = 15 * time.Minute // for the slowest to be prepared
	overlapLook   = 50 * time.Millisecond
	mostOfWindow  = 0.9 // of a window; less is worth a note
)

// Overlap is the window of a run that is measured at the same time as others. Without others it does nothing.
type Overlap struct {
	dir    string
	others []string
	watch  func() time.Duration // ends the watching: for how long all of them measured
	began  time.Time
	share  float64
}

// NewOverlap makes the window of the run in dir.
func NewOverlap(req drivers.SuiteRequest, dir string) *Overlap {
	b := &Overlap{dir: dir}
	for _, id := range req.Overlaps {
		b.others = append(b.others, filepath.Join(filepath.Dir(dir), id))
	}
	return b
}

// Begin waits until the others are prepared too. One that has ended before is an error: there is nothing to measure then.
func (b *Overlap) Begin(ctx context.Context, progress func(string)) error {
	if len(b.others) == 0 {
		return nil
	}
	if err := marks.Replace(filepath.Join(b.dir, beginFile), nil, nil); err != nil {
		return err
	}
	progress("waiting for the run that is to be measured at the same time")
	tick, deadline := time.NewTicker(overlapLook), time.After(overlapWithin)
	defer tick.Stop()
	for {
		waiting := ""
		for _, other := range b.others {
			switch ready, ended := there(other, beginFile), there(other, endFile) || there(other, drivers.ResultFile); {
			case ended:
				return fmt.Errorf("run %s, beside which this one was to be measured, has ended", filepath.Base(other))
			case !ready:
				waiting = filepath.Base(other)
			}
		}
		if waiting == "" {
			break
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-deadline:
			return fmt.Errorf("run %s, beside which this one was to be measured, was not prepared within %s", waiting, overlapWithin)
		case <-tick.C:
		}
	}
	b.began, b.watch = time.Now(), b.look()
	return nil
}

// look watches until it is told to stop whether the others still measure.
func (b *Overlap) look() (stop func() time.Duration) {
	quit, began := make(chan struct{}), time.Now()
	var all time.Duration
	var watching sync.WaitGroup
	watching.Go(func() {
		tick := time.NewTicker(overlapLook)
		defer tick.Stop()
		for {
			for _, other := range b.others {
				if there(other, endFile) || there(other, drivers.ResultFile) {
					return
				}
			}
			all = time.Since(began)
			select {
			case <-quit:
				return
			case <-tick.C:
			}
		}
	})
	return func() time.Duration {
		close(quit)
		watching.Wait()
		return all
	}
}

// End says that this run measures no longer.
func (b *Overlap) End() error {
	if b.watch == nil {
		return nil
	}
	window := time.Since(b.began)
	b.share = min(1, float64(b.watch()+overlapLook)/float64(max(window, overlapLook)))
	b.watch = nil
	return marks.Replace(filepath.Join(b.dir, endFile), nil, nil)
}

// Report adds which share of the window the others measured as well.
func (b *Overlap) Report(res *drivers.SuiteResult) {
	if len(b.others) == 0 {
		return
	}
	res.Metrics["overlap_percent"] = 100 * b.share
	if b.share < mostOfWindow {
		res.Reasons = append(res.Reasons, drivers.Reason{Reason: "PartialOverlap", Message: fmt.Sprintf(
			"the run beside it measured during %.0f%% of its window: what it did alone is in its figures too", 100*b.share)})
	}
}

func there(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return !errors.Is(err, fs.ErrNotExist)
}
