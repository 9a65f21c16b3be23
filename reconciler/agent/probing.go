package agent

import (
	"context"
	"net"
	"strconv"
	"time"

	"assay/drivers"
	"assay/reconciler/probe"
)

const (
	probeEvery  = 500 * time.Millisecond
	probeMisses = 3 // probes in a row that a Ready server may miss
)

// result is the outcome of one round of probes of one incarnation.
type result struct {
	group  *group
	models []string
	err    error
}

// local is where the probes go: this node, whatever name the others use for it.
func (p *process) local(port int) string {
	return "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

// probe takes the last round's result and starts the next round.
func (p *process) probe(now time.Time) {
	select {
	case r := <-p.results:
		p.probing = false
		if r.group == p.main {
			p.judge(r, now)
		}
	default:
	}
	if p.probing || now.Sub(p.probed) < probeEvery {
		return
	}
	p.probing, p.probed = true, now
	bases := make([]string, len(p.want.Probes))
	for i, one := range p.want.Probes {
		port := p.port
		if one.Port != "" {
			port = p.a.ports[p.want.Name+":"+one.Port]
		}
		bases[i] = p.local(port)
	}
	g, probes, token := p.main, p.want.Probes, p.token()
	go func() {
		r := result{group: g}
		for i, one := range probes {
			models, err := probe.Check(context.Background(), bases[i], token, one) // bounded by the probe's own timeout
			if r.models = append(r.models, models...); err != nil {
				r.err = err
				break
			}
		}
		p.results <- r
	}()
}

// token is what the server asks of its clients; empty when it asks nothing, or when the secret cannot be read.
func (p *process) token() string {
	if p.want.Token == "" {
		return ""
	}
	secrets, err := p.secrets()
	if err != nil {
		return ""
	}
	return secrets[p.want.Token]
}

func (p *process) judge(r result, now time.Time) {
	p.models = r.models
	switch {
	case r.err == nil:
		p.misses, p.ready = 0, true
		p.enter(drivers.PhaseReady, "ProbesPass", "", now)
	case p.phase == drivers.PhaseReady && p.misses+1 < probeMisses:
		p.misses++
	default:
		p.enter(drivers.PhaseStarting, drivers.ReasonProbeFailing, r.err.Error(), now)
	}
}
