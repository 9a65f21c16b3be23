package agent

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"time"

	"assay/drivers"
)

const (
	probeEvery  = 500 * time.Millisecond // until a server is Ready, and after an answer that was wrong
	askEvery    = 2 * time.Second        // a Ready server
	probeMisses = 3                      // wrong answers in a row that end Ready
)

// result is the outcome of one round of probes of one incarnation.
type result struct {
	group  *group
	began  time.Time
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
	p.listen(now)
	every := probeEvery
	if p.phase == drivers.PhaseReady && p.wrong == 0 {
		every = askEvery
	}
	if p.stopping || p.probing || now.Sub(p.probed) < every {
		return
	}
	p.probing, p.probed = true, now
	probes := slices.Clone(p.want.Probes)
	bases, ports := make([]string, len(probes)), make([]int, len(probes))
	for i, one := range probes {
		port := p.port
		if one.Port != "" {
			port = p.a.ports[p.want.Name+":"+one.Port]
		}
		bases[i], ports[i], probes[i].Timeout = p.local(port), port, p.patience(one.Timeout)
	}
	g, token, password, listener, client := p.main, p.token, p.password, p.listener, p.client
	go func() {
		r := result{group: g, began: now}
		for i, one := range probes {
			credential := token
			if one.User != "" {
				credential = password
			}
			_, err := listener.own(ports[i]) // also of a connection that is open: another program can listen beside the server
			var models []string
			if err == nil {
				models, err = client.Check(context.Background(), bases[i], credential, one) // bounded by the probe's own timeout
			}
			if r.models = append(r.models, models...); err != nil {
				r.err = err
				break
			}
		}
		p.results <- r
	}()
}

// tokenOf is what a server asks of its clients; empty when it asks nothing, or when the secret cannot be read.
func (p *process) tokenOf() string {
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
	if taken, ok := errors.AsType[*takenError](r.err); ok {
		p.taken = taken.port
		p.fail(fault{drivers.ReasonPortTaken, taken.Error()}, now)
		return
	}
	p.models = r.models
	if r.err == nil {
		if p.lost {
			p.happen(drivers.ReasonReadyAgain, "all probes pass again")
		}
		p.wrong, p.misses, p.quiet = 0, 0, 0
		p.up, p.ready, p.lost = true, true, false
		p.readied(now)
		p.enter(drivers.PhaseReady, "ProbesPass", "", now)
		return
	}
	if r.began.Before(p.a.resumed) {
		return // the agent was stopped meanwhile, which is no fault of the server
	}
	switch p.wrong++; {
	case p.phase != drivers.PhaseReady:
		p.enter(drivers.PhaseStarting, drivers.ReasonProbeFailing, r.err.Error(), now)
	case p.wrong >= probeMisses:
		p.lose(r.err.Error(), now)
	}
	p.miss(r, now)
}
