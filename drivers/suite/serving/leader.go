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
)

const (
	clockReadings = 20
	startAhead    = 500 * time.Millisecond // time for the start message to reach the last node
)

// briefing is what the leader found out and every worker needs.
type briefing struct {
	Request drivers.SuiteRequest `json:"request"`
	Tag     string               `json:"tag"`
	Dialect dialect              `json:"dialect"`
	Lexicon lexicon              `json:"lexicon"`
	Picked  []picked             `json:"picked,omitempty"` // conversations of sharegpt
	Ends    bool                 `json:"ends,omitempty"`   // the server closes its connections behind its answers
}

// clientNodes are the nodes that send the load, as the leader knows them. It is empty when one process sends it all.
type clientNodes struct {
	names    []string       // host names, the leader's first
	clocks   []clockOffset  // of the workers, in the order of names
	machines []drivers.Node // in the order of names
}

// clockOffset is how far a worker's clock is ahead of the leader's, and by how much that can be wrong.
type clockOffset struct{ ahead, uncertainty time.Duration }

// report says how well the nodes' clocks were aligned. No latency depends on it: each is a difference on one clock.
func (c clientNodes) report(m map[string]float64) {
	if len(c.names) == 0 {
		return
	}
	worst := time.Duration(0)
	for _, o := range c.clocks {
		worst = max(worst, o.uncertainty)
	}
	m["client_nodes"], m["client_clock_bar_ms"] = float64(len(c.names)), suite.Millis(worst)
}

// measureOnNodes sends this node's share, makes the workers send theirs at the same time, and adds every sample to the book,
// on this node's clock.
func (r *runner) measureOnNodes(ctx context.Context, b *book, o coordinator.Options) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r.progress("starting the clients of the other nodes")
	leader, err := coordinator.Start(ctx, cancel, o, briefing{r.req, r.data.tag, r.payload.dialect, r.data.lexicon, r.data.picked, r.client.ends.seen.Load()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, leader.Close()) }()
	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("finding this node's name: %w", err)
	}
	r.part, r.nodes.names, r.nodes.machines = part{0, o.Others + 1}, []string{host}, []drivers.Node{suite.ThisNode()}
	if err := r.send(ctx, b, func(ctx context.Context) (time.Duration, error) { return r.agreeOnStart(ctx, leader) }); err != nil {
		return cmp.Or(context.Cause(ctx), err)
	}
	r.progress("gathering what the other nodes measured")
	for i, p := range leader.Others {
		if err := r.receiveSamples(ctx, p, r.nodes.clocks[i], b); err != nil {
			return fmt.Errorf("node %s: %w", r.nodes.names[i+1], err)
		}
	}
	return nil
}

// agreeOnStart waits until every worker is ready, measures the clock offsets, and sends every worker the time to start.
func (r *runner) agreeOnStart(ctx context.Context, leader *coordinator.Leader) (time.Duration, error) {
	r.progress("waiting for the clients of the other nodes")
	for i, p := range leader.Others {
		var m workerReady
		if err := p.Receive(ctx, &m); err != nil {
			return 0, fmt.Errorf("node %d is lost: %w", i+1, err)
		}
		if m.Err != "" {
			return 0, fmt.Errorf("node %s: %s", m.Node, m.Err)
		}
		o, err := r.measureOffset(ctx, p)
		if err != nil {
			return 0, fmt.Errorf("node %s is lost: %w", m.Node, err)
		}
		r.nodes.names, r.nodes.clocks = append(r.nodes.names, m.Node), append(r.nodes.clocks, o)
	}
	if err := r.overlap.Begin(ctx, r.progress); err != nil {
		return 0, err
	}
	start := r.client.now() + startAhead
	for i, p := range leader.Others {
		if err := p.Send(clockTime{start + r.nodes.clocks[i].ahead}); err != nil {
			return 0, fmt.Errorf("node %s is lost: %w", r.nodes.names[i+1], err)
		}
	}
	return start, nil
}

// measureOffset reads a worker's clock several times and keeps the quickest answer, as NTP does: the reading was taken
// in the middle of the round trip, give or take half of it.
func (r *runner) measureOffset(ctx context.Context, p *coordinator.Peer) (o clockOffset, err error) {
	o.uncertainty = time.Hour
	for range clockReadings {
		asked := r.client.now()
		if err := p.Send(clockTime{}); err != nil {
			return o, err
		}
		var m clockTime
		if err := p.Receive(ctx, &m); err != nil {
			return o, err
		}
		if half := (r.client.now() - asked) / 2; half < o.uncertainty {
			o = clockOffset{m.At - asked - half, half}
		}
	}
	return o, nil
}

// receiveSamples receives a worker's samples and adds them to the book.
func (r *runner) receiveSamples(ctx context.Context, p *coordinator.Peer, o clockOffset, b *book) error {
	var m workerDone
	if err := p.Receive(ctx, &m); err != nil {
		return fmt.Errorf("it is lost: %w", err)
	}
	if m.Err != "" {
		return errors.New(m.Err)
	}
	r.self, r.nodes.machines = append(r.self, m.Self), append(r.nodes.machines, m.Machine)
	if m.Sent != nil {
		r.sent.merge(m.Sent)
	}
	for range m.Samples {
		var s sampleMessage
		if err := p.Receive(ctx, &s); err != nil {
			return fmt.Errorf("it is lost: %w", err)
		}
		if s.Index < 0 || s.Index >= r.spec.Prompts {
			return fmt.Errorf("it sent a sample of request %d, but there are %d requests", s.Index, r.spec.Prompts)
		}
		b.add(s.sample(o.ahead))
	}
	return nil
}
