package store

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRepeatedEventsAreFolded(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	start := time.Unix(1000, 0).UTC()
	emit := func(after time.Duration, object, reason string) {
		t.Helper()
		check(t, l.Emit(Event{Time: start.Add(after), Type: "Normal", Experiment: "exp", Object: object, Reason: reason, Message: "m"}))
	}
	emit(0, "service/a", "Waiting")
	emit(time.Minute, "service/b", "Waiting")
	emit(2*time.Minute, "service/a", "Waiting")
	emit(9*time.Minute, "service/a", "Waiting")
	emit(11*time.Minute, "service/a", "Waiting")
	check(t, l.Emit(Event{Time: start, Experiment: "other", Reason: "X"}))
	got, err := s.Events("exp")
	check(t, err)
	e := func(after time.Duration, object string, count int) Event {
		return Event{Time: start.Add(after), Type: "Normal", Experiment: "exp", Object: object, Reason: "Waiting", Message: "m", Count: count}
	}
	repeated := e(0, "service/a", 3)
	repeated.Last = start.Add(9 * time.Minute)
	if d := cmp.Diff([]Event{repeated, e(time.Minute, "service/b", 1), e(11*time.Minute, "service/a", 1)}, got); d != "" {
		t.Error(d)
	}
	all, err := s.Events("")
	check(t, err)
	if len(all) != 4 {
		t.Errorf("%d events of all experiments", len(all))
	}
}

func TestATornLineCostsOnlyItself(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	check(t, l.Emit(Event{Experiment: "exp", Reason: "Before"}))
	f, err := os.OpenFile(s.eventsPath(), os.O_APPEND|os.O_WRONLY, 0)
	check(t, err)
	_, err = f.WriteString(`{"time":"2026-01-01T00:00:00Z","experiment":"exp","rea`)
	check(t, err)
	check(t, f.Close())
	reasons := func() string {
		events, err := s.Events("exp")
		check(t, err)
		var out []string
		for _, e := range events {
			out = append(out, e.Reason)
		}
		return strings.Join(out, " ")
	}
	if got := reasons(); got != "Before" {
		t.Errorf("events: %s", got)
	}
	check(t, l.Emit(Event{Experiment: "exp", Reason: "After"}))
	check(t, l.Emit(Event{Experiment: "exp", Reason: "Long", Message: strings.Repeat("x", 2<<20)}))
	check(t, l.Emit(Event{Experiment: "exp", Reason: "Last"}))
	if got := reasons(); got != "Before After Long Last" {
		t.Errorf("events: %s", got)
	}
}

func TestEventsAreRotated(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	line := fmt.Sprintf(`{"time":"2026-01-01T00:00:00Z","experiment":"exp","reason":"Old","message":%q,"count":1}`+"\n", strings.Repeat("x", 1<<20))
	check(t, os.WriteFile(s.eventsPath(), bytes.Repeat([]byte(line), 11), 0o600))
	check(t, l.Emit(Event{Experiment: "exp", Reason: "New"}))
	info, err := os.Stat(s.eventsPath())
	check(t, err)
	events, err := s.Events("exp")
	check(t, err)
	if info.Size() > eventsLimit || len(events) != 2 || events[0].Count != 11 || events[1].Reason != "New" {
		t.Errorf("%d bytes, %d events", info.Size(), len(events))
	}
}
