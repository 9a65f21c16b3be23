package reconciler

import (
	"errors"
	"testing"
	"time"

	"assay/drivers"
	"assay/reconciler/plan"
)

// TestListingRate goes through a site's day: how long after the last answer the scheduler is asked again.
func TestListingRate(t *testing.T) {
	const every, atMost = 10 * time.Second, time.Minute
	one := []drivers.Job{{ID: "1", State: drivers.JobRunning}}
	two := append(one, drivers.Job{ID: "2", State: drivers.JobRunning})
	c := listing{every: every, atMost: atMost}
	now := time.Unix(1000, 0)
	if !c.due(now, false) {
		t.Fatal("the first question has to be asked at once")
	}
	for i, step := range []struct {
		what string
		jobs []drivers.Job
		err  error
		busy bool
		kick bool
		want time.Duration // until the next question
	}{
		{"the first answer", one, nil, false, false, every},
		{"nothing changed", one, nil, false, false, 2 * every},
		{"still nothing", one, nil, false, false, 4 * every},
		{"never slower than atMost", one, nil, false, false, atMost},
		{"something is in flight", one, nil, true, false, every},
		{"something was done", one, nil, false, true, every},
		{"a job more", two, nil, false, false, every},
		{"no answer", nil, errors.New("down"), false, false, every},
		{"an answer again", two, nil, false, false, 2 * every},
	} {
		c.answer(now, step.jobs, step.err)
		if step.kick {
			c.kick()
		}
		if c.due(now.Add(step.want-1), step.busy) || !c.due(now.Add(step.want), step.busy) {
			t.Errorf("step %d, %s: the next question is not due after %s", i, step.what, step.want)
		}
		now = now.Add(step.want)
	}
}

func TestListingSince(t *testing.T) {
	c := listing{every: time.Second}
	at := func(s int64) time.Time { return time.Unix(s, 0) }
	for i, step := range []struct {
		err  error
		want int64
	}{{nil, 0}, {nil, 0}, {errors.New("down"), 0}, {errors.New("down"), 3}, {nil, 4}, {nil, 4}} {
		c.answer(at(int64(i)), nil, step.err)
		if step.err == nil && !c.last.Since.Equal(at(step.want)) {
			t.Errorf("answer %d: answers without a break since %s, want %s", i, c.last.Since, at(step.want))
		}
	}
	if !c.last.Clock.Equal(at(0)) {
		t.Errorf("the clock has run since %s: a scheduler that does not answer does not set it", c.last.Clock)
	}
	c.invalidate(errors.New("a submission was not answered"))
	if c.last.Err == "" || !c.due(at(100), false) {
		t.Error("a doubted listing is Unknown and asked for again")
	}
	if c.answer(at(9), nil, nil); !c.last.Since.Equal(at(9)) {
		t.Error("after a doubt the break counts from the next answer")
	}
	c.asked = false // the clock was set
	if c.answer(at(12), nil, nil); !c.last.Since.Equal(at(12)) || !c.last.Clock.Equal(at(12)) {
		t.Errorf("after the clock was set: %+v", c.last)
	}
}

func TestInFlight(t *testing.T) {
	for _, c := range []struct {
		attempt plan.Attempt
		state   drivers.JobState
		want    bool
	}{
		{plan.Attempt{Nonce: "n"}, drivers.JobRunning, false},
		{plan.Attempt{Nonce: "n"}, drivers.JobPending, true},
		{plan.Attempt{Nonce: "n"}, drivers.JobCompleting, true},
		{plan.Attempt{Nonce: "other"}, drivers.JobRunning, true},
		{plan.Attempt{Nonce: "n", Cancelled: "Removed"}, drivers.JobRunning, true},
	} {
		jobs := []drivers.Job{{State: c.state, Tag: drivers.Tag{Nonce: "n"}}}
		if got := inFlight([]plan.Attempt{c.attempt}, jobs); got != c.want {
			t.Errorf("%+v with a job that is %s: %v", c.attempt, c.state, got)
		}
	}
}

func TestStillness(t *testing.T) {
	s, t0 := stillness{}, time.Unix(0, 0)
	for i, c := range []struct {
		beat  uint64
		at    time.Duration
		want  time.Duration
		lives bool
		blind bool
	}{{1, 0, 0, false, false}, {1, 5 * time.Second, 5 * time.Second, false, false}, {2, 7 * time.Second, 0, true, false}, {2, 9 * time.Second, 2 * time.Second, true, false},
		{1, 10 * time.Second, 0, true, false},
		{2, time.Minute, 0, false, false}, // we read nothing for 50 s, and it can have died since
		{3, 61 * time.Second, 0, true, false},
		{3, 71 * time.Second, 10 * time.Second, false, true}, {3, 81 * time.Second, 20 * time.Second, false, true}, // it cannot be read
		{4, 82 * time.Second, 0, false, false}} { // and can have died at any time since the last reading
		if got, lives := s.track("n", c.beat, !c.blind, t0.Add(c.at)); got != c.want || lives != c.lives {
			t.Errorf("step %d: it stood still for %s, want %s; it lives: %v", i, got, c.want, lives)
		}
	}
}
