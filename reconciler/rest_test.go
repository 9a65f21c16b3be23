package reconciler

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"assay/drivers"
	"assay/reconciler/plan"
)

// looked calls do each time that somebody is about to wait for its end.
type looked struct {
	context.Context
	do func()
}

func (c looked) Done() <-chan struct{} {
	c.do()
	return c.Context.Done()
}

// TestNoPassCompetesWithTheLastOfMany: where effects wait for their turn, the next pass begins when the last one has ended, and not
// when the last one has begun.
func TestNoPassCompetesWithTheLastOfMany(t *testing.T) {
	l := &Loop{Store: calm(t).loop.Store}
	l.prepare()
	last := make(chan struct{})
	for i := range room + 1 { // one more than there is room for
		do := func(context.Context) outcome { return outcome{} }
		if i == 0 {
			do = func(context.Context) outcome { <-last; return outcome{} }
		}
		l.beside.queue = append(l.beside.queue, effect{at: place{seat: drivers.Seat{Group: fmt.Sprint(i)}}, kind: notes, do: do})
	}
	looks := 0
	ctx := looked{t.Context(), func() {
		switch looks++; looks {
		case 1: // it has seen that they wait
			l.beside.start()
			for waiting, running := l.beside.pending(); waiting+running > 1; waiting, running = l.beside.pending() {
				runtime.Gosched()
			}
		case 3: // it was told of an end, and goes on waiting
			close(last)
		}
	}}
	l.rest(ctx, plan.Result{}, time.Second)
	if _, running := l.beside.pending(); running > 0 {
		t.Errorf("%d effects are under way when the next pass begins", running)
		close(last)
	}
}
