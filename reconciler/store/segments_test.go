package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
	"assay/reconciler/plan"
)

// finishRun creates a run and ends it; a long message fills segments.
func finishRun(t *testing.T, l *Lease, experiment, id, message string) {
	t.Helper()
	r, err := l.CreateRun(plan.Run{ID: id, Experiment: experiment, Key: "k-" + id, Target: "llm", Phase: v1alpha1.RunPending, Created: time.Unix(int64(len(id)), 0)}, drivers.SuiteRequest{Run: id})
	check(t, err)
	r.Phase, r.Message, r.Ended = v1alpha1.RunFailed, message, time.Unix(100, 0)
	check(t, l.UpdateRun(r))
}

// sees reads runs as the next holder of the lease does.
func sees(t *testing.T, dir string, experiments ...string) RunsSeen {
	t.Helper()
	l := acquire(t, open(t, dir))
	seen, err := l.SeeRuns(experiments)
	check(t, err)
	check(t, l.Release())
	return seen
}

// TestAFinishedRunIsReadOnceAndNeverAgain counts system calls: what it costs to see the runs does not depend on how many
// have ended.
func TestAFinishedRunIsReadOnceAndNeverAgain(t *testing.T) {
	cost := func(runs int) (first, next int) {
		s := open(t, t.TempDir())
		l := acquire(t, s)
		for i := range runs {
			finishRun(t, l, "exp", fmt.Sprintf("q-%d", i), "")
		}
		_, err := l.CreateRun(plan.Run{ID: "now", Experiment: "exp", Phase: v1alpha1.RunPending}, drivers.SuiteRequest{})
		check(t, err)
		check(t, l.Release())
		l = acquire(t, open(t, s.Dir()))
		count := 0
		durable.OnRead(func(string) { count++ })
		defer durable.OnRead(nil)
		for _, n := range []*int{&first, &next} {
			count = 0
			seen, err := l.SeeRuns([]string{"exp"})
			check(t, err)
			if len(seen.Open) != 1 || seen.Past["exp"].Len() != runs {
				t.Errorf("%d open, %d ended", len(seen.Open), seen.Past["exp"].Len())
			}
			*n = count
		}
		return first, next
	}
	first1, next1 := cost(1)
	first200, next200 := cost(200)
	if first200 != first1 || next200 != next1 || next1 > 3 {
		t.Errorf("system calls: first %d with 1 ended run and %d with 200; then %d and %d", first1, first200, next1, next200)
	}
}

// TestSegmentsAreMadeAnew damages what sums an experiment's runs up in every way. The next holder has it whole again, says
// so, and leaves the other experiment alone.
func TestSegmentsAreMadeAnew(t *testing.T) {
	const runs = 40 // with their messages they fill more than one segment
	first, last := segmentName(1), segmentName(2)
	for name, test := range map[string]struct {
		harm func(dir string) error
		says string // in the note; empty: there is none
	}{
		"a line":            {func(dir string) error { return flip(filepath.Join(dir, first), 5000) }, first + " is damaged"},
		"the first line":    {func(dir string) error { return flip(filepath.Join(dir, first), 3) }, first + " is damaged"},
		"emptied":           {func(dir string) error { return os.Truncate(filepath.Join(dir, last), 0) }, last + " is damaged"},
		"halved":            {func(dir string) error { return os.Truncate(filepath.Join(dir, first), segmentLimit/2) }, first + " is damaged"},
		"first missing":     {func(dir string) error { return os.Remove(filepath.Join(dir, first)) }, first + " is damaged (it is missing)"},
		"last missing":      {func(dir string) error { return os.Remove(filepath.Join(dir, last)) }, last + " is damaged (it is missing)"},
		"swapped":           {func(dir string) error { return os.Rename(filepath.Join(dir, last), filepath.Join(dir, first)) }, "is damaged"},
		"all missing":       {os.RemoveAll, ""}, // as an older assay leaves it
		"a line half there": {func(dir string) error { return appendTo(filepath.Join(dir, last), `01234567 {"id":"q-`) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir())
			l := acquire(t, s)
			for i := range runs {
				finishRun(t, l, "exp", fmt.Sprintf("q-%d", i), strings.Repeat("m", 20_000))
			}
			finishRun(t, l, "other", "q", "m")
			_, err := l.CreateRun(plan.Run{ID: "now", Experiment: "exp", Phase: v1alpha1.RunPending}, drivers.SuiteRequest{})
			check(t, err)
			check(t, l.Release())
			check(t, test.harm(s.FinishedDir("exp")))

			if lines, err := open(t, s.Dir()).Finished("exp"); err != nil || len(lines) != runs {
				t.Errorf("a reader sees %d runs, %v", len(lines), err)
			}
			for life := range 2 {
				seen := sees(t, s.Dir(), "exp", "other")
				if seen.Past["exp"].Len() != runs || len(seen.Open) != 1 || seen.Past["other"].Len() != 1 || len(seen.Failed) > 0 {
					t.Errorf("life %d: %d ended, %d open, %d of the other, failed %v", life, seen.Past["exp"].Len(), len(seen.Open), seen.Past["other"].Len(), seen.Failed)
				}
				if e := seen.Past["exp"].Of("k-q-7"); len(e) != 1 || e[0].Phase != v1alpha1.RunFailed || len(e[0].Message) != 20_000 {
					t.Errorf("life %d: %+v", life, e)
				}
				notes := strings.Join(seen.Notes, "; ")
				if test.says != "" && life == 0 && !strings.Contains(notes, test.says) || (test.says == "" || life > 0) && notes != "" {
					t.Errorf("life %d says %.200q", life, notes)
				}
			}
			// A run that ends afterwards is added to what is there.
			l = acquire(t, open(t, s.Dir()))
			finishRun(t, l, "exp", "later", "m")
			check(t, l.Release())
			if seen := sees(t, s.Dir(), "exp"); seen.Past["exp"].Len() != runs+1 || len(seen.Notes) > 0 {
				t.Errorf("after another run: %d ended, notes %.200q", seen.Past["exp"].Len(), seen.Notes)
			}
			if lines, err := s.Finished("exp"); err != nil || len(lines) != runs+1 || lines[runs].ID != "later" {
				t.Errorf("%d lines, %v", len(lines), err)
			}
		})
	}
}

func flip(path string, at int) error {
	b, err := os.ReadFile(path)
	if err == nil {
		b[at] ^= 1
		err = os.WriteFile(path, b, 0o600)
	}
	return err
}

func appendTo(path, text string) error {
	b, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, append(b, text...), 0o600)
	}
	return err
}

// TestRunsOfAnOlderAssayAreSummedUpOnce: it left run folders, and neither segments nor markers.
func TestRunsOfAnOlderAssayAreSummedUpOnce(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	for i := range 5 {
		finishRun(t, l, "exp", fmt.Sprintf("q-%d", i), "")
	}
	_, err := l.CreateRun(plan.Run{ID: "now", Experiment: "exp", Phase: v1alpha1.RunRunning}, drivers.SuiteRequest{})
	check(t, err)
	check(t, l.Release())
	for _, folder := range []string{"finished", "active"} {
		check(t, os.RemoveAll(filepath.Join(s.Dir(), folder)))
	}
	reader, err := open(t, s.Dir()).SeeRuns([]string{"exp"})
	check(t, err)
	if len(reader.Open) != 1 || reader.Past["exp"].Len() != 5 {
		t.Errorf("a reader sees %d open and %d ended runs", len(reader.Open), reader.Past["exp"].Len())
	}
	if names, err := durable.Names(filepath.Join(s.Dir(), "finished")); err != nil || len(names) > 0 {
		t.Errorf("a reader wrote %q, %v", names, err)
	}
	for range 2 {
		if seen := sees(t, s.Dir(), "exp"); len(seen.Open) != 1 || seen.Open[0].ID != "now" || seen.Past["exp"].Len() != 5 {
			t.Errorf("%d open and %d ended runs", len(seen.Open), seen.Past["exp"].Len())
		}
	}
	if lines, err := s.Finished("exp"); err != nil || len(lines) != 5 {
		t.Errorf("%d lines, %v", len(lines), err)
	}
}

// TestADamagedRunRecordConcernsThatRunOnly: that of an open run is made from its marker, that of an ended one from its line.
func TestADamagedRunRecordConcernsThatRunOnly(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	live(t, s, l, "exp") // one ended run, with a result
	r, err := l.CreateRun(plan.Run{ID: "now", Experiment: "exp", Key: "k", Phase: v1alpha1.RunPending}, drivers.SuiteRequest{})
	check(t, err)
	check(t, l.Release())
	for _, id := range []string{"bench-1", "now"} {
		check(t, os.WriteFile(filepath.Join(s.runDir("exp", id), runFile), []byte(`{"id": "b`), 0o600))
	}
	seen := sees(t, s.Dir(), "exp")
	if len(seen.Open) != 1 || seen.Open[0].Key != "k" || seen.Open[0].Dir != r.Dir || seen.Past["exp"].Len() != 1 || len(seen.Notes) != 1 {
		t.Errorf("%+v", seen)
	}
	all, err := s.Runs("")
	check(t, err)
	if len(all) != 2 || all[1].Result == nil && all[0].Result == nil {
		t.Errorf("%+v", all)
	}
	if hidden, err := os.ReadFile(filepath.Join(r.Dir, "."+runFile+".damaged")); err != nil || string(hidden) != `{"id": "b` {
		t.Errorf("set aside: %q, %v", hidden, err)
	}
	// With nothing to make it from, the error names the file, and the other experiment goes on.
	check(t, os.WriteFile(filepath.Join(r.Dir, runFile), nil, 0o600))
	check(t, os.WriteFile(s.marker("exp", "now"), nil, 0o600))
	seen = sees(t, s.Dir(), "exp", "other")
	if err := seen.Failed["exp"]; err == nil || !strings.Contains(err.Error(), filepath.Join(r.Dir, runFile)) || seen.Past["other"] == nil || seen.Past["exp"] != nil {
		t.Errorf("%+v", seen)
	}
}

// TestSegmentsOfANewerAssayAreNotTouched: they are no damage.
func TestSegmentsOfANewerAssayAreNotTouched(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	finishRun(t, l, "exp", "q", "")
	check(t, l.Release())
	line, err := checked(segmentHead{durable.Schema + 1, 1})
	check(t, err)
	path := filepath.Join(s.FinishedDir("exp"), segmentName(1))
	check(t, os.WriteFile(path, append(line, '\n'), 0o600))
	if err := sees(t, s.Dir(), "exp").Failed["exp"]; err == nil || !strings.Contains(err.Error(), durable.ErrNewer.Error()) {
		t.Errorf("error %v", err)
	}
	if b, err := os.ReadFile(path); err != nil || len(b) != len(line)+1 {
		t.Errorf("%q, %v", b, err)
	}
}

func TestRunsAreFoundByName(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	finishRun(t, l, "a", "q", "m")
	finishRun(t, l, "b.c", "q", "m")
	check(t, l.Release())
	for name, want := range map[string]int{"q": 2, "a/q": 1, "b.c/q": 1, "c/q": 0, "r": 0, "": 0} {
		if found, err := s.FindRuns(name); err != nil || len(found) != want {
			t.Errorf("%q: %d runs, %v, want %d", name, len(found), err, want)
		}
	}
	if seen := sees(t, s.Dir(), "b.c"); seen.Past["b.c"].Len() != 1 || len(seen.Open) != 0 {
		t.Errorf("an experiment with a dot: %+v", seen)
	}
}

// TestRunsCannotBeSummedUp: a controller was killed after the records of runs and before their lines, and now nothing can be
// written. That is an error of the experiment, and what is left is done once it can.
func TestRunsCannotBeSummedUp(t *testing.T) {
	var trouble error
	s, err := Open(t.TempDir(), Options{Fault: func(string) error { return trouble }})
	check(t, err)
	l := acquire(t, s)
	finishRun(t, l, "exp", "q-1", "")
	for _, id := range []string{"q-2", "q-3"} {
		r, err := l.CreateRun(plan.Run{ID: id, Experiment: "exp", Key: id, Phase: v1alpha1.RunPending}, drivers.SuiteRequest{Run: id})
		check(t, err)
		r.Phase = v1alpha1.RunFailed
		check(t, l.replace(filepath.Join(r.Dir, runFile), record{Run: r}))
	}
	check(t, l.Release())
	l = acquire(t, s)
	trouble = syscall.ENOSPC
	seen, err := l.SeeRuns([]string{"exp"})
	if err != nil || !errors.Is(seen.Failed["exp"], syscall.ENOSPC) || seen.Past["exp"] != nil || len(seen.Open) != 0 {
		t.Errorf("%v: %+v", err, seen)
	}
	trouble = nil
	seen, err = l.SeeRuns([]string{"exp"})
	if err != nil || len(seen.Failed) != 0 || seen.Past["exp"].Len() != 3 || len(seen.Open) != 0 {
		t.Errorf("%v: %+v", err, seen)
	}
}

// TestAnEndedRunIsListedOnce: a run that is created although it exists and has ended is in the list of ended runs already.
func TestAnEndedRunIsListedOnce(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	r := plan.Run{Experiment: "exp", ID: "b-1-k-2", Key: "k", Benchmark: "b", Target: "t", Phase: v1alpha1.RunLost, Reason: "Lost", Created: time.Unix(1, 0), Ended: time.Unix(2, 0)}
	var sizes []int64
	for range 3 {
		_, err := l.CreateRun(r, drivers.SuiteRequest{})
		check(t, err)
		info, err := os.Stat(filepath.Join(s.FinishedDir("exp"), "segment-000001.jsonl"))
		check(t, err)
		sizes = append(sizes, info.Size())
	}
	if sizes[0] != sizes[1] || sizes[1] != sizes[2] {
		t.Errorf("the list has %d bytes", sizes)
	}
}
