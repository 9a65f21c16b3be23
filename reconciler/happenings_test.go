package reconciler

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/drivers"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// happenings are the lines of the events that tell what happened inside jobs, by what they tell.
func (w *sim) happenings() (map[string]int, []store.Event, error) {
	b, err := os.ReadFile(filepath.Join(w.dir, "events.jsonl"))
	if err != nil && !os.IsNotExist(err) {
		return nil, nil, err
	}
	told := map[string]int{}
	var all []store.Event
	for line := range bytes.Lines(b) {
		var e store.Event
		if json.Unmarshal(line, &e) == nil && e.Happening != "" {
			told[e.Happening]++
			all = append(all, e)
		}
	}
	return told, all, nil
}

// errTold is the harm that the numbers of happenings prevent.
var errTold = errors.New("what happened inside a job was not told once")

// toldOnce demands an event of everything that happened inside the jobs that live in the end, and no second one of anything.
func (w *sim) toldOnce() error {
	told, _, err := w.happenings()
	if err != nil {
		return err
	}
	for what, n := range told {
		if n != 1 {
			return fmt.Errorf("%w: %s %d times", errTold, what, n)
		}
	}
	happened := w.cluster.Happened()
	for _, j := range w.cluster.Live() {
		for n := 1; j.Tag.Store == w.store.ID() && n <= happened[j.Tag.Nonce]; n++ {
			if key := fmt.Sprintf("%s/%d", j.Tag.Nonce, n); told[key] == 0 {
				return fmt.Errorf("%w: %s never", errTold, key)
			}
		}
	}
	return nil
}

// TestAHungServerIsTold: a server that hangs is not Ready, is restarted by its agent, and comes back; each is an event, also
// what happened while no controller ran, and none is told again by the next one.
func TestAHungServerIsTold(t *testing.T) {
	w := calm(t)
	w.repeats = 0
	w.settled(t)
	w.someJob(func(j drivers.Job) { w.cluster.Hang(j.ID) })
	w.cluster.Advance(15 * time.Second)
	w.pass()
	if w.done() {
		t.Error("a server has hung for 15 s, and all is Ready")
	}
	if _, events, err := w.happenings(); err != nil || len(events) != 1 || events[0].Reason != string(plan.ProbeFailing) || events[0].Type != warning {
		t.Errorf("the loss is one warning: %+v, %v", events, err)
	}
	for range 8 { // no controller is there
		w.cluster.Advance(10 * time.Second)
	}
	w.restart()
	w.pass()
	w.restart()
	w.pass()
	_, events, err := w.happenings()
	if err != nil {
		t.Fatal(err)
	}
	var reasons []string
	for _, e := range events {
		reasons = append(reasons, e.Reason)
		if age := w.cluster.Now().Sub(e.Time); e.Reason == string(plan.Restarted) && (age < 10*time.Second || age > 80*time.Second) {
			t.Errorf("a restart while no controller ran was %s ago: %+v", age, e)
		}
		if !strings.HasPrefix(e.Object, "service/") || e.JobID == "" {
			t.Errorf("the event does not say what and where: %+v", e)
		}
	}
	want := []string{string(plan.ProbeFailing), string(plan.NotAnswering), string(plan.Restarted), string(plan.ReadyAgain)}
	if !slices.Equal(reasons, want) {
		t.Errorf("the events are %v, want %v", reasons, want)
	}
}
