package reconciler

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// everyTen is a schedule that comes several times in a story.
const everyTen = "*/10 * * * *"

// roundsInOrder demands that rounds are times of the schedule, follow one another, and do not overlap.
func (w *sim) roundsInOrder(runs []plan.Run) error {
	if w.schedule == "" || w.skewed { // by other clocks the times of runs do not compare
		return nil
	}
	schedule, err := v1alpha1.ParseSchedule(w.schedule, time.UTC)
	if err != nil {
		return err
	}
	runs = slices.Clone(runs)
	slices.SortStableFunc(runs, func(a, b plan.Run) int { return a.Created.Compare(b.Created) })
	for i, r := range runs {
		if !r.Round.IsZero() && (r.Round.After(r.Created) || !schedule.Next(r.Round.Add(-time.Second)).Equal(r.Round)) {
			return fmt.Errorf("run %s of %s is of round %s, which is no time of the schedule before it", r.ID, r.Created, r.Round)
		}
		for _, before := range runs[:i] {
			if before.Round.After(r.Round) {
				return fmt.Errorf("run %s of round %s follows run %s of round %s", r.ID, r.Round, before.ID, before.Round)
			}
			if before.Round.Before(r.Round) && before.Ended.After(r.Created) {
				return fmt.Errorf("run %s of round %s began before run %s of round %s had ended", r.ID, r.Round, before.ID, before.Round)
			}
		}
	}
	return nil
}

// rounds counts the complete runs of each round.
func (w *sim) rounds(t *testing.T) map[string]int {
	t.Helper()
	runs, err := w.store.Runs("exp")
	if _, err = store.Tolerate(err); err != nil {
		t.Fatal(err)
	}
	if err := w.roundsInOrder(runs); err != nil {
		t.Error(err)
	}
	out := map[string]int{}
	for _, r := range runs {
		if r.Phase == v1alpha1.RunComplete {
			out[r.Round.Format("15:04")]++
		}
	}
	return out
}

// TestSchedule: at every time of the schedule everything is measured once more, whoever looks after it; of times that nobody was
// there for, one is made up for; nothing is measured while it is suspended, and one round follows; what is measured when the next
// time comes goes on. A revision that changes what is measured waits for no time.
func TestSchedule(t *testing.T) {
	w := calm(t)
	w.schedule = everyTen // the story begins at 00:00
	w.settled(t)
	perRound := w.repeats + 1
	want := map[string]int{"00:00": perRound}
	after := func(what string, round string) {
		t.Helper()
		if err := w.converge(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if round != "" {
			want[round] = perRound
		}
		if got := w.rounds(t); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%s: the runs of each round are %v, want %v", what, got, want)
		}
	}
	at := func(clock string) {
		t.Helper()
		now := w.cluster.Now()
		to, err := time.Parse(time.DateOnly+" 15:04:05", now.Format(time.DateOnly)+" "+clock)
		if err != nil || !to.After(now) {
			t.Fatalf("%s is not after %s", clock, now)
		}
		w.cluster.Advance(to.Sub(now))
	}
	s := w.status[0].Schedule
	if s == nil || s.Next.Format("15:04") != "00:10" || s.Round != nil || s.Due != nil {
		t.Errorf("at first the schedule is %+v", s)
	}
	after("at once", "")
	at("00:10:01")
	w.restart()
	w.pass()
	w.restart() // in the middle of it
	after("when the time has come", "00:10")
	if s := w.status[0].Schedule; s.Next.Format("15:04") != "00:20" || s.Round == nil || s.Round.Format("15:04") != "00:10" {
		t.Errorf("then the schedule is %+v", s)
	}
	w.restart()
	after("once more by another controller", "")
	at("00:55:00") // nobody was there at 20, 30 and 40
	after("after a while without a controller", "00:50")

	w.suspend = true
	w.apply()
	at("01:31:00")
	for range 5 {
		w.pass()
		w.cluster.Advance(w.step)
	}
	w.suspend = false
	w.apply()
	after("after it was suspended", "01:30")

	at("01:40:00")
	w.until(t, "a run of 01:40 is under way", func() bool {
		return slices.ContainsFunc(w.status[0].Runs, func(r v1alpha1.RunStatus) bool { return r.Phase == v1alpha1.RunRunning })
	})
	at("01:50:30")
	w.pass()
	if s := w.status[0].Schedule; s.Due == nil || s.Due.Format("15:04") != "01:50" {
		t.Errorf("while another is measured the schedule is %+v", s)
	}
	want["01:40"] = perRound
	after("while another was measured", "01:50")

	w.model = "b"
	w.apply()
	want["01:50"] += w.repeats // llm's runs; what ext is asked has not changed
	after("with another model", "")
	w.schedule = ""
	w.apply()
	after("without the schedule", "") // nothing is measured again for that
	if s := w.status[0].Schedule; s != nil {
		t.Errorf("without a schedule it is %+v", s)
	}
	if err := errors.Join(w.final(), w.check()); err != nil {
		t.Error(err)
	}
}
