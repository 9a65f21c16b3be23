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
	startAhead    = 500 * time.Millisecond // for the last node to have heard of the start
)

// briefing is what a worker has to know: all that the leader found out.
type briefing struct {
	Request       drivers.SuiteRequest `json:"request"`
	Tag           string               `json:"tag"`
	Dialect       dialect              `json:"dialect"`
	WordsPerToken float64              `json:"wordsPerToken"`
}

// crew are the nodes of a run, as the leader knows them.
type crew struct {
	nodes []string // names, the leader's first
	apart []clockDifference
}

// clockDifference is how far a worker's clock is ahead of the leader's, and by how much that may be wrong.
type clockDifference struct{ ahead, bar time.Duration }

// report says how well the nodes' clocks were brought together. No latency depends on it: each lies on one clock.
func (c crew) report(m map[string]float64) {
	if len(c.nodes) == 0 {
		return
	}
	worst := time.Duration(0)
	for _, d := range c.apart {
		worst = max(worst, d.bar)
	}
	m["client_nodes"], m["client_clock_bar_ms"] = float64(len(c.nodes)), suite.Millis(worst)
}

// lead sends this node's share, lets the others send theirs at the same time, and gathers everything on this node's clock.
func (r *runner) lead(ctx context.Context, o coordinator.Options) (all []sample, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r.progress("starting the clients of the other nodes")
	lead, err := coordinator.Start(ctx, cancel, o, briefing{r.req, r.data.tag, r.payload.dialect, r.data.wordsPerToken})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, lead.Close()) }()
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("finding this node's name: %w", err)
	}
	r.part, r.crew.nodes = part{0, o.Others + 1}, []string{host}
	mine := r.share()
	if err := r.send(ctx, mine, func(ctx context.Context) (time.Duration, error) { return r.begin(ctx, lead) }); err != nil {
		return nil, cmp.Or(context.Cause(ctx), err)
	}
	all = make([]sample, r.spec.Prompts)
	for _, s := range mine {
		all[s.index] = s
	}
	r.progress("gathering what the other nodes measured")
	for i, p := range lead.Others {
		if err := r.gather(ctx, p, r.crew.apart[i], all); err != nil {
			return nil, fmt.Errorf("node %s: %w", r.crew.nodes[i+1], err)
		}
	}
	return all, nil
}

// begin waits until every node is ready, compares the clocks, and tells all the moment to start.
func (r *runner) begin(ctx context.Context, lead *coordinator.Leader) (time.Duration, error) {
	r.progress("waiting for the clients of the other nodes")
	for i, p := range lead.Others {
		var m ready
		if err := p.Receive(ctx, &m); err != nil {
			return 0, fmt.Errorf("node %d is lost: %w", i+1, err)
		}
		if m.Err != "" {
			return 0, fmt.Errorf("node %s: %s", m.Node, m.Err)
		}
		d, err := r.compare(ctx, p)
		if err != nil {
			return 0, fmt.Errorf("node %s is lost: %w", m.Node, err)
		}
		r.crew.nodes, r.crew.apart = append(r.crew.nodes, m.Node), append(r.crew.apart, d)
	}
	if err := r.overlap.Begin(ctx, r.progress); err != nil {
		return 0, err
	}
	start := r.client.now() + startAhead
	for i, p := range lead.Others {
		if err := p.Send(moment{start + r.crew.apart[i].ahead}); err != nil {
			return 0, fmt.Errorf("node %s is lost: %w", r.crew.nodes[i+1], err)
		}
	}
	return start, nil
}

// compare reads a worker's clock several times. The quickest answer tells best: the reading lies in the middle of it.
func (r *runner) compare(ctx context.Context, p *coordinator.Peer) (d clockDifference, err error) {
	d.bar = time.Hour
	for range clockReadings {
		asked := r.client.now()
		if err := p.Send(moment{}); err != nil {
			return d, err
		}
		var m moment
		if err := p.Receive(ctx, &m); err != nil {
			return d, err
		}
		if half := (r.client.now() - asked) / 2; half < d.bar {
			d = clockDifference{m.At - asked - half, half}
		}
	}
	return d, nil
}

// gather receives a worker's samples and puts them among all.
func (r *runner) gather(ctx context.Context, p *coordinator.Peer, d clockDifference, all []sample) error {
	var e ended
	if err := p.Receive(ctx, &e); err != nil {
		return fmt.Errorf("it is lost: %w", err)
	}
	if e.Err != "" {
		return errors.New(e.Err)
	}
	r.self = r.self.with(e.Self)
	for range e.Samples {
		var c carried
		if err := p.Receive(ctx, &c); err != nil {
			return fmt.Errorf("it is lost: %w", err)
		}
		if c.Index < 0 || c.Index >= len(all) {
			return fmt.Errorf("it says something of request %d, which is none of ours", c.Index)
		}
		all[c.Index] = c.sample(d.ahead)
	}
	return nil
}
