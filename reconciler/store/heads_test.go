package store

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/durable"
)

// TestHeadsAreReadWhenTheyChanged counts system calls: one look while nothing has changed, and the file of the one that has.
func TestHeadsAreReadWhenTheyChanged(t *testing.T) {
	s := open(t, t.TempDir())
	for i := range 20 {
		_, _, err := s.Accept(revision(fmt.Sprintf("e%02d", i), "a"))
		check(t, err)
	}
	r, now := &HeadsReader{Store: s}, time.Unix(1000, 0)
	count := 0
	durable.OnRead(func(string) { count++ })
	defer durable.OnRead(nil)
	read := func(after time.Duration, most int, want string) {
		t.Helper()
		now, count = now.Add(after), 0
		heads, err := r.Heads(now)
		check(t, err)
		var edits []string
		for _, h := range heads {
			if h.Spec.Metadata.Labels["edit"] != "a" {
				edits = append(edits, h.Experiment+"="+h.Spec.Metadata.Labels["edit"])
			}
		}
		if got := fmt.Sprint(len(heads), " ", strings.Join(edits, " ")); got != want || count > most {
			t.Errorf("%q after %d system calls, want %q after at most %d", got, count, want, most)
		}
	}
	accept := func(name, label string) {
		t.Helper()
		_, _, err := open(t, s.Dir()).Accept(revision(name, label)) // as another process does
		check(t, err)
	}
	read(0, 100, "20 ")
	read(time.Second, 1, "20 ")
	accept("e07", "b")
	accept("new", "c")
	read(time.Second, 12, "21 e07=b new=c")
	read(time.Second, 1, "21 e07=b new=c")
	// One whose writer was killed before it said so is seen later, and so is one after the file was lost.
	size, err := os.Stat(s.changedPath())
	check(t, err)
	accept("e08", "d")
	check(t, os.Truncate(s.changedPath(), size.Size()))
	check(t, os.Chtimes(s.changedPath(), size.ModTime(), size.ModTime()))
	read(time.Second, 1, "21 e07=b new=c")
	read(rereadAfter, 120, "21 e07=b e08=d new=c")
	check(t, os.Remove(s.changedPath()))
	accept("e09", "e")
	read(time.Second, 120, "21 e07=b e08=d e09=e new=c")
	// A forgotten experiment is gone.
	l := acquire(t, s)
	gone := revision("new", "c")
	gone.Deleting = true
	_, _, err = s.Accept(gone)
	check(t, err)
	check(t, s.Forget(l, "new"))
	read(time.Second, 12, "20 e07=b e08=d e09=e")
}

// TestOneFileSaysThatStatusesHold: what was last observed counts for every status that is older.
func TestOneFileSaysThatStatusesHold(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	at := func(n int64) time.Time { return time.Unix(n, 0).UTC() }
	check(t, l.PutStatus(v1alpha1.ExperimentStatus{Name: "old", Observed: at(10), Answered: 1}))
	check(t, l.PutStatus(v1alpha1.ExperimentStatus{Name: "new", Observed: at(30), Answered: 5}))
	want := func(old, new string) {
		t.Helper()
		all, err := open(t, s.Dir()).Statuses()
		check(t, err)
		one, _, err := s.Status("old")
		check(t, err)
		say := func(e v1alpha1.ExperimentStatus) string { return fmt.Sprint(e.Observed.Unix(), " ", e.Answered) }
		if len(all) != 2 || say(all[1]) != old || say(all[0]) != new || say(one) != old {
			t.Errorf("%+v, %+v", all, one)
		}
	}
	want("10 1", "30 5")
	files := map[string]time.Time{"old": at(10), "new": at(30)}
	check(t, l.PutObserved(Observed{At: at(20), Answered: 4, Of: files}))
	want("20 4", "30 5")
	files["old"] = at(15) // of which somebody put the one before in its place
	check(t, l.PutObserved(Observed{At: at(20), Answered: 4, Of: files}))
	want("10 1", "30 5")
	check(t, os.WriteFile(s.observedPath(), []byte("{"), 0o600))
	want("10 1", "30 5")
}
