package native

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"time"
)

// first is the team as the first node sees it.
type first struct {
	others []*peer
	says   []chan report // of each of them; closed when its connection is
	cancel context.CancelCauseFunc
}

// gather accepts one worker of each node.
func (f *first) gather(ctx context.Context, listener net.Listener, token string, n int) error {
	_ = listener.(*net.TCPListener).SetDeadline(time.Now().Add(joinWithin))
	unblock := context.AfterFunc(ctx, func() { _ = listener.Close() })
	defer unblock()
	f.others = make([]*peer, n)
	for have := 0; have < n; {
		c, err := listener.Accept()
		if err != nil {
			return fmt.Errorf("%d of %d other nodes joined: %w", have, n, errors.Join(context.Cause(ctx), err))
		}
		p := newPeer(c)
		var h hello
		_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
		if err := p.in.Decode(&h); err != nil || subtle.ConstantTimeCompare([]byte(h.Token), []byte(token)) != 1 || h.Node < 1 || h.Node > n || f.others[h.Node-1] != nil {
			_ = c.Close() // not one of ours
			continue
		}
		_ = c.SetReadDeadline(time.Time{})
		f.others[h.Node-1] = p
		have++
	}
	for i, p := range f.others {
		f.says = append(f.says, make(chan report, 1)) // nobody says more before it was answered
		go f.listen(i+1, p, f.says[i])
	}
	return nil
}

// listen passes on what a node says. That it failed stops this node at once, whatever it is doing.
func (f *first) listen(node int, p *peer, says chan<- report) {
	defer close(says)
	for {
		var r report
		if p.in.Decode(&r) != nil {
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
	for i := range f.others {
		r, err := f.hear(ctx, i)
		if err != nil {
			return nil, f.fail(err)
		}
		if r.Phase != mine.Phase || r.Step != mine.Step {
			return nil, f.fail(fmt.Errorf("node %d is at %s of %s, not %s of %s", i+1, r.Step, r.Phase, mine.Step, mine.Phase))
		}
		all = append(all, r)
	}
	for i, p := range f.others {
		if err := p.say(all); err != nil {
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
	for _, p := range f.others {
		if p != nil {
			_ = p.say([]report{{Err: err.Error()}}) // those that still listen
		}
	}
	return err
}

func (f *first) close() error {
	for _, p := range f.others {
		if p != nil {
			_ = p.conn.Close()
		}
	}
	return nil
}
