package plan

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"reflect"
	"slices"
	"strconv"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// instruct writes the whole desired state of an agent whenever it differs from the last one written.
func (w *world) instruct(x *experiment) {
	if x.released.set() || x.blocked != "" {
		return
	}
	for _, alloc := range x.allocs {
		for seat := range alloc.filled() {
			a := seat.attempt
			if a == nil || a.Cancelled != "" || !alloc.fits(a) || seat.agent.Err != "" {
				continue
			}
			last := seat.agent.Desired
			want := w.toldAll(x, a.Nonce)
			want.Processes, want.Runs = w.processes(x, alloc, seat), w.desiredRuns(x, seat)
			last.Nonce, last.Generation, last.Since = a.Nonce, 0, 0
			torn := seat.agent.Torn != ""
			if !torn && (reflect.DeepEqual(want, last) || want.Equal(last)) { // DeepEqual is the cheaper one
				continue
			}
			because := difference(last, want)
			if torn {
				because = cause{DamagedRecord, "what the agent should run is written anew: " + seat.agent.Torn}
			}
			w.do(Action{Verb: Instruct, Experiment: x.Name, Object: "service/" + alloc.name, Seat: seat.id, Nonce: a.Nonce, JobID: a.JobID,
				Reason: because.reason, Message: because.message, Desired: &want})
		}
	}
}

// toldAll is what every agent of an experiment is told.
func (w *world) toldAll(x *experiment, nonce string) drivers.AgentDesired {
	d := drivers.AgentDesired{Nonce: nonce, Token: w.d.ScrapeToken, Relays: x.relayTargets()}
	for _, s := range x.services {
		if len(s.Telemetry) > 0 && d.Relays != nil {
			d.RelayKey = s.Certificate
		}
	}
	return d
}

// desiredRuns are the runs placed in a job: the active ones that were told where their target is, and an order to stop those that the agent still has and that are not wanted.
func (w *world) desiredRuns(x *experiment, seat *seat) []drivers.Run {
	var out []drivers.Run
	for _, r := range x.runsIn[seat.attempt.Nonce] {
		switch {
		case r.Nonce != seat.attempt.Nonce:
		case active(r) && !r.told():
		case active(r):
			out = append(out, drivers.Run{ID: r.ID, Dir: r.Dir, Limit: r.Limit})
		case agentHas(seat.agent, r.ID):
			out = append(out, drivers.Run{ID: r.ID, Dir: r.Dir, Limit: r.Limit, Cancel: true})
		}
	}
	for _, told := range seat.agent.Desired.Runs { // of one that ended before this pass only what the agent was told is known
		known := slices.ContainsFunc(x.runs, func(r *Run) bool { return r.ID == told.ID })
		if !known && agentHas(seat.agent, told.ID) {
			told.Cancel = true
			out = append(out, told)
		}
	}
	return out
}

func agentHas(a Agent, run string) bool {
	return a.State != nil && slices.ContainsFunc(a.State.Runs, func(s drivers.RunState) bool {
		return s.ID == run && (s.Phase == v1alpha1.RunPending || s.Phase == v1alpha1.RunRunning)
	})
}

// relayTargets are where the experiment's collector takes telemetry now; empty while it has no address.
func (x *experiment) relayTargets() map[string]string {
	if x.relayed {
		return x.relays
	}
	x.relayed = true
	for _, s := range x.services {
		if len(s.Telemetry) == 0 {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(s.Telemetry)) {
			if at := s.port(s.Telemetry[name]); at != "" {
				if x.relays == nil {
					x.relays = map[string]string{}
				}
				x.relays[name] = at
			}
		}
	}
	return x.relays
}

// port is the address (host:port) of a port of a service's first replica; empty while it has none.
func (s *service) port(t drivers.Telemetry) string {
	if len(s.replicas) == 0 {
		return ""
	}
	for _, p := range s.replicas[0].procs {
		if p == nil || p.Name != t.Process || p.Endpoint == "" || p.Ports[t.Port] == 0 {
			continue
		}
		if u, err := url.Parse(p.Endpoint); err == nil {
			return net.JoinHostPort(u.Hostname(), strconv.Itoa(p.Ports[t.Port]))
		}
	}
	return ""
}

// difference says what an instruction changes.
func difference(last, want drivers.AgentDesired) cause {
	was, is := map[string]string{}, map[string]string{}
	for _, p := range last.Processes {
		was[p.Name] = p.Fingerprint
	}
	for _, p := range want.Processes {
		is[p.Name] = p.Fingerprint
	}
	for _, p := range want.Processes {
		switch old, had := was[p.Name]; {
		case !had && len(was) > 0:
			return cause{Joined, fmt.Sprintf("%s starts in a job that already runs", p.Name)}
		case had && redeployed(old, p).set():
			return redeployed(old, p)
		case had && old != p.Fingerprint:
			return cause{ProcessChanged, "the declared process changed: the server restarts inside its allocation"}
		}
	}
	for _, p := range last.Processes {
		if _, still := is[p.Name]; !still {
			return cause{Left, fmt.Sprintf("%s ends; its job continues", p.Name)}
		}
	}
	switch {
	case len(want.Runs) > len(last.Runs):
		return cause{RunPlaced, "a benchmark run starts in this job"}
	case len(want.Runs) < len(last.Runs):
		return cause{RunEnded, "a benchmark run has ended"}
	}
	return cause{SettingsChanged, "probes, limits, targets or runs changed; nothing restarts"}
}
