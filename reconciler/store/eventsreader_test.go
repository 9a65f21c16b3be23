package store

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestEventsAreReadOn: a reader that goes on sees what one that begins anew sees: after additions, what pages asked for, a line that is
// cut short, a rotation and a removal.
func TestEventsAreReadOn(t *testing.T) {
	s := open(t, t.TempDir())
	l, err := s.Acquire(t.Context(), "test", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	r := &EventsReader{Store: s}
	began, n := time.Now().Add(-time.Hour), 0
	event := func() Event {
		n++
		return Event{Time: began.Add(time.Duration(n) * time.Minute), Type: "Normal", Experiment: fmt.Sprint("e", n%2), Object: "experiment/e", Reason: "X", Message: fmt.Sprint(n % 4)}
	}
	write := func(do func() error) {
		t.Helper()
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	for what, do := range []func() error{
		func() error { return nil },
		func() error { return l.Emit(event(), event()) },
		func() error { return s.Say(event()) },
		func() error { return l.Emit(event()) },
		func() error { return nil },
		func() error {
			f, err := os.OpenFile(s.eventsPath(), os.O_APPEND|os.O_WRONLY, 0)
			if err == nil {
				_, err = f.WriteString(`{"time":"2026`)
				f.Close()
			}
			return err
		},
		func() error { return l.Emit(event(), event(), event()) },
		func() error { return os.Rename(s.eventsPath(), s.eventsPath()+".1") },
		func() error { return l.Emit(event()) },
		func() error { return os.Remove(s.eventsPath() + ".1") },
	} {
		write(do)
		for _, experiment := range []string{"", "e0", "e1"} {
			want, err := s.Events(experiment)
			if err != nil {
				t.Fatal(err)
			}
			got, err := r.Events(experiment)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("step %d, %q (-want +got):\n%s", what, experiment, diff)
			}
		}
	}
	if n < 8 {
		t.Fatal("nothing was written")
	}
}
