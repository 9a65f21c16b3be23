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

// Files by which runs that are measured at the same time wait for each other. Their directories have the same parent.
const (
	beginFile = "measuring" // this run is prepared
	endFile   = "measured"  // this run no longer measures
)

// marks writes these files without fsync: they mean nothing once the run has ended, and are written while others measure.
var marks = durable.Writer{NoSync: true}

const (
	overlapWithin = 15 * time.Minute // for the slowest to be prepared
	overlapEvery  = 50 * time.Millisecond
	mostOfWindow  = 0.9 // of a window; less is worth a note
)

// Overlap is the window of a run that is measured at the same time as others, its partners. Without partners it does
// nothing.
type Overlap struct {
	dir    string
	others []string
	stop   func() time.Duration // ends the watch and returns for how long all runs measured; nil outside the window
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

// Begin waits until the partners are prepared too. It fails when one has ended already or is not prepared in time.
func (b *Overlap) Begin(ctx context.Context, progress func(string)) error {
	if len(b.others) == 0 {
		return nil
	}
	if err := marks.Replace(filepath.Join(b.dir, beginFile), nil, nil); err != nil {
		return err
	}
	progress("waiting for the run that is to be measured at the same time")
	tick, deadline := time.NewTicker(overlapEvery), time.After(overlapWithin)
	defer tick.Stop()
	for {
		waiting := ""
		for _, other := range b.others {
			switch ready, ended := there(other, beginFile), there(other, endFile) || there(other, drivers.ResultFile); {
			case ended:
				return fmt.Errorf("run %s, which was to be measured at the same time, has ended", filepath.Base(other))
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
			return fmt.Errorf("run %s, which was to be measured at the same time, was not prepared within %s", waiting, overlapWithin)
		case <-tick.C:
		}
	}
	b.began, b.stop = time.Now(), b.watch()
	return nil
}

// watch notes how long the partners measure, until stop is called.
func (b *Overlap) watch() (stop func() time.Duration) {
	quit, began := make(chan struct{}), time.Now()
	var all time.Duration
	var watching sync.WaitGroup
	watching.Go(func() {
		tick := time.NewTicker(overlapEvery)
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

// End closes the window: this run no longer measures.
func (b *Overlap) End() error {
	if b.stop == nil {
		return nil
	}
	window := time.Since(b.began)
	b.share = min(1, float64(b.stop()+overlapEvery)/float64(max(window, overlapEvery)))
	b.stop = nil
	return marks.Replace(filepath.Join(b.dir, endFile), nil, nil)
}

// Report adds the share of the window in which the partners measured as well.
func (b *Overlap) Report(res *drivers.SuiteResult) {
	if len(b.others) == 0 {
		return
	}
	res.Metrics["overlap_percent"] = 100 * b.share
	if b.share < mostOfWindow {
		res.Reasons = append(res.Reasons, NewReason(ReasonPartialOverlap, "the other run measured during %.0f%% of this run's window, "+
			"so these figures are partly those of a run alone; make the runs equally long", 100*b.share))
	}
}

func there(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return !errors.Is(err, fs.ErrNotExist)
}
