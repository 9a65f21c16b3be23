package serving

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"assay/drivers"
	"assay/drivers/suite"
	"assay/drivers/suite/coordinator"
	"assay/drivers/suite/loadgen/sse"
	"assay/drivers/suite/selfwatch"
)

// The messages between a worker and the leader, in order: workerReady once its requests are written and its connections
// open; clockReadings times a clockTime from the leader and the worker's own in answer; a clockTime with the start;
// workerDone, and then a sampleMessage for each of its requests.
type (
	workerReady struct{ Node, Err string }
	clockTime   struct{ At time.Duration } // on the worker's clock
	workerDone  struct {
		Err     string
		Self    selfwatch.Report
		Machine drivers.Node
		Sent    *bodies
		Samples int
	}
	sampleMessage struct {
		Index                  int
		Structured             bool
		Due, Free, Sent, Ended time.Duration
		Connect, Behind, Blur  time.Duration
		Answer                 sse.Answer
		Failure                *suite.Failure
	}
)

func messageOf(s sample) sampleMessage {
	return sampleMessage{s.index, s.structured, s.due, s.free, s.sent, s.ended, s.connect, s.behind, s.blur, s.answer, s.failure}
}

// sample is the sample on the leader's clock, which the worker's is so far ahead of.
func (m sampleMessage) sample(ahead time.Duration) sample {
	for i := range m.Answer.Events {
		m.Answer.Events[i] -= ahead
	}
	m.Answer.Said = m.Answer.Said.Earlier(ahead)
	return sample{index: m.Index, structured: m.Structured, due: m.Due - ahead, free: m.Free - ahead,
		outcome: outcome{sent: m.Sent - ahead, ended: m.Ended - ahead, connect: m.Connect, behind: m.Behind, blur: m.Blur, answer: m.Answer, failure: m.Failure}}
}

// Worker sends one more node's share of the run in dir: `assay suite-worker`, under srun. It ends when the leader does.
func Worker(ctx context.Context, dir string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var brief briefing
	leader, node, err := coordinator.Join(ctx, dir, &brief)
	if err != nil {
		return err
	}
	defer leader.Close()
	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("finding this node's name: %w", err)
	}
	r, err := newRunner(brief.Request, func(string) {})
	if err != nil {
		return errors.Join(err, leader.Send(workerReady{host, err.Error()}))
	}
	defer r.client.close()
	r.data.tag, r.payload.dialect, r.data.lexicon = brief.Tag, brief.Dialect, brief.Lexicon
	r.client.ends.seen.Store(brief.Ends)
	if brief.Picked != nil {
		r.data.pick(brief.Picked)
	}
	r.part = part{node, brief.Request.Nodes}
	b, ready := newBook(dir), false
	defer b.close()
	err = r.send(ctx, b, func(ctx context.Context) (time.Duration, error) {
		ready = true
		start, err := awaitStart(ctx, leader, workerReady{Node: host}, r.client.now)
		go func() { // the leader sends nothing more: anything that comes, or its end, stops this node
			var m clockTime
			cancel(cmp.Or(leader.Receive(ctx, &m), errUnexpected))
		}()
		return start, err
	})
	switch {
	case err == nil:
		return r.sendSamples(leader, b)
	case ready:
		return errors.Join(err, leader.Send(workerDone{Err: err.Error()}))
	}
	return errors.Join(err, leader.Send(workerReady{host, err.Error()}))
}

var errUnexpected = errors.New("the leader sent a message that was not expected")

// awaitStart is the worker's part of agreeOnStart; it returns the start on the worker's clock.
func awaitStart(ctx context.Context, leader *coordinator.Peer, ready workerReady, now func() time.Duration) (time.Duration, error) {
	if err := leader.Send(ready); err != nil {
		return 0, leaderLost(err)
	}
	var m clockTime
	for range clockReadings {
		if err := leader.Receive(ctx, &m); err != nil {
			return 0, leaderLost(err)
		}
		if err := leader.Send(clockTime{now()}); err != nil {
			return 0, leaderLost(err)
		}
	}
	if err := leader.Receive(ctx, &m); err != nil {
		return 0, leaderLost(err)
	}
	return m.At, nil
}

// sendSamples sends this node's samples to the leader.
func (r *runner) sendSamples(leader *coordinator.Peer, b *book) error {
	if err := leader.Send(workerDone{Self: r.self[0], Machine: suite.ThisNode(), Sent: &r.sent, Samples: b.len()}); err != nil {
		return leaderLost(err)
	}
	return b.each(func(s sample) error {
		if err := leader.Send(messageOf(s)); err != nil {
			return leaderLost(err)
		}
		return nil
	})
}

func leaderLost(err error) error { return fmt.Errorf("the first node is lost: %w", err) }
