package reconciler

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"assay/drivers"
)

// TestSubmissionsBeginTogether: what one pass wants to submit shares one record, and so do the cancels; each is done once. With a rate
// that the site asks for nothing begins ahead.
func TestSubmissionsBeginTogether(t *testing.T) {
	for _, rate := range []float64{0, 1e6} {
		w := calm(t)
		w.loop.Site.Spec.Submit.PerSecond = rate
		w.web, w.repeats, w.slots = false, 0, 9
		w.apply()
		w.pass()
		files, err := os.ReadDir(filepath.Join(w.dir, "intents"))
		if want := map[bool]int{true: 1, false: 9}[rate == 0]; err != nil || len(files) != want {
			t.Errorf("at %v a second there are %d records of 9 submissions, %v", rate, len(files), err)
		}
		for slot := range 9 {
			if n := w.cluster.Submissions(drivers.Seat{Experiment: "exp", Group: "llm", Slot: slot}); n != 1 {
				t.Errorf("replica %d was submitted %d times", slot, n)
			}
		}
		for range 5 {
			w.cluster.Advance(4 * time.Second)
			w.land()
			w.pass()
		}
		w.gone = true
		w.apply()
		for range 10 {
			w.pass()
			w.cluster.Advance(4 * time.Second)
			w.land()
		}
		if left := w.live("llm", 0); left != "" || len(w.cluster.Live()) != 2 { // others' jobs
			t.Errorf("%d jobs are left", len(w.cluster.Live()))
		}
		if err := w.check(); err != nil {
			t.Error(err)
		}
	}
}
