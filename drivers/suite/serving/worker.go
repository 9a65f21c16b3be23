package serving

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"assay/drivers/suite"
	"assay/drivers/suite/coordinator"
	"assay/drivers/suite/loadgen/sse"
)

// The conversation with a worker: it says ready when its requests are written and its connections open; it tells its
// clock, clockReadings times; it hears when to start; it says ended, and then every sample.
type (
	ready  struct{ Node, Err string }
	moment struct{ At time.Duration }
	ended  struct {
		Err     string
		Self    self
		Samples int
	}
	carried struct {
		Index                  int
		Structured             bool
		Due, Free, Sent, Ended time.Duration
		Connect, Behind        time.Duration
		Answer                 sse.Answer
		Failure                *suite.Failure
	}
)

func carry(s sample) carried {
	return carried{s.index, s.structured, s.due, s.free, s.sent, s.ended, s.connect, s.behind, s.answer, s.failure}
}

// sample is what was carried, on a clock that is so much behind.
func (c carried) sample(ahead time.Duration) sample {
	for i := range c.Answer.Events {
		c.Answer.Events[i] -= ahead
	}
	return sample{index: c.Index, structured: c.Structured, due: c.Due - ahead, free: c.Free - ahead,
		outcome: outcome{sent: c.Sent - ahead, ended: c.Ended - ahead, connect: c.Connect, behind: c.Behind, answer: c.Answer, failure: c.Failure}}
}

// Worker sends one more node's share of the run in dir: `assay suite-worker`, under srun. It ends when the leader does.
func Worker(ctx context.Context, dir string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var b briefing
	leader, node, err := coordinator.Join(ctx, dir, &b)
	if err != nil {
		return err
	}
	defer leader.Close()
	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("finding this node's name: %w", err)
	}
	r, err := newRunner(b.Request, func(string) {})
	if err != nil {
		return errors.Join(err, leader.Send(ready{host, err.Error()}))
	}
	defer r.client.close()
	r.data.tag, r.payload.dialect, r.data.wordsPerToken = b.Tag, b.Dialect, b.WordsPerToken
	r.part = part{node, b.Request.Nodes}
	samples, begun := r.share(), false
	err = r.send(ctx, samples, func(ctx context.Context) (time.Duration, error) {
		begun = true
		start, err := follow(ctx, leader, ready{Node: host}, r.client.now)
		go func() {
			var nothing moment
			cancel(cmp.Or(leader.Receive(ctx, &nothing), errOutOfTurn))
		}()
		return start, err
	})
	switch {
	case err == nil:
		return r.hand(leader, samples)
	case begun:
		return errors.Join(err, leader.Send(ended{Err: err.Error()}))
	}
	return errors.Join(err, leader.Send(ready{host, err.Error()}))
}

var errOutOfTurn = errors.New("the first node says something that nobody asked for")

// follow is begin as a worker sees it.
func follow(ctx context.Context, leader *coordinator.Peer, r ready, now func() time.Duration) (time.Duration, error) {
	lost := func(err error) error { return fmt.Errorf("the first node is lost: %w", err) }
	if err := leader.Send(r); err != nil {
		return 0, lost(err)
	}
	var m moment
	for range clockReadings {
		if err := leader.Receive(ctx, &m); err != nil {
			return 0, lost(err)
		}
		if err := leader.Send(moment{now()}); err != nil {
			return 0, lost(err)
		}
	}
	if err := leader.Receive(ctx, &m); err != nil {
		return 0, lost(err)
	}
	return m.At, nil
}

// hand gives the samples to the leader.
func (r *runner) hand(leader *coordinator.Peer, samples []sample) error {
	if err := leader.Send(ended{Self: r.self, Samples: len(samples)}); err != nil {
		return fmt.Errorf("the first node is lost: %w", err)
	}
	for _, s := range samples {
		if err := leader.Send(carry(s)); err != nil {
			return fmt.Errorf("the first node is lost: %w", err)
		}
	}
	return nil
}
