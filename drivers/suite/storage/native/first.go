package native

import (
	"context"
	"fmt"

	"assay/drivers/suite/coordinator"
)

// first is the team as the first node sees it.
type first struct {
	*coordinator.Leader
	says   []chan report // of each of the others; closed when its connection is
	cancel context.CancelCauseFunc
}

func newFirst(ctx context.Context, cancel context.CancelCauseFunc, lead *coordinator.Leader) *first {
	f := &first{Leader: lead, cancel: cancel}
	for i, p := range lead.Others {
		f.says = append(f.says, make(chan report, 1)) // nobody says more before it was answered
		go f.listen(ctx, i+1, p, f.says[i])
	}
	return f
}

// listen passes on what a node says. That it failed stops this node at once, whatever it is doing.
func (f *first) listen(ctx context.Context, node int, p *coordinator.Peer, says chan<- report) {
	defer close(says)
	for {
		var r report
		if p.Receive(ctx, &r) != nil {
			return // it has ended, or is lost
		}
		if r.Err != "" {
			f.cancel(fmt.Errorf("node %d: %s", node, r.Err))
			return
		}
		says <- r
	}
}

func (f *first) exchange(ctx context.Context, mine report) ([]report, error) {
	all := []report{mine}
	for i := range f.Others {
		r, err := f.hear(ctx, i)
		if err != nil {
			return nil, f.fail(err)
		}
		if r.Phase != mine.Phase || r.Step != mine.Step {
			return nil, f.fail(fmt.Errorf("node %d is at %s of %s, not %s of %s", i+1, r.Step, r.Phase, mine.Step, mine.Phase))
		}
		all = append(all, r)
	}
	for i, p := range f.Others {
		if err := p.Send(all); err != nil {
			return nil, f.fail(fmt.Errorf("node %d is lost: %w", i+1, err))
		}
	}
	return all, nil
}

// hear waits for the next report of a node. That it ended without one counts less than why.
func (f *first) hear(ctx context.Context, i int) (report, error) {
	select {
	case r, ok := <-f.says[i]:
		if ok {
			return r, nil
		}
		if err := context.Cause(ctx); err != nil {
			return r, err
		}
		return r, fmt.Errorf("node %d is lost", i+1)
	case <-ctx.Done():
		return report{}, context.Cause(ctx)
	}
}

func (f *first) fail(err error) error {
	for _, p := range f.Others {
		_ = p.Send([]report{{Err: err.Error()}}) // those that still listen
	}
	return err
}
