package plan

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"assay/drivers"
)

// missing is one seat that a source says is gone, and for how long it has said so.
type missing struct {
	nonce string
	since time.Duration
}

// findFaults finds the sources that lost many seats at once: more than one, and more than a fifth of those that they speak
// for, within twice the time after which an agent is silent. Then the source is at fault (a file system that hangs, a
// network that is cut, a Prometheus that is cut off) until it speaks for those seats again. When a second source says the
// same of them for longer than Policy.Hold, they are given up after all, one after the other as the budget allows: each
// successor that becomes Ready shows that the sources are well by now.
func (w *world) findFaults() {
	w.faults = map[string][sources]cause{}
	var lost [sources][]missing
	var of [sources]int
	for _, a := range w.attempts {
		j := w.job(a.Nonce)
		if a.End != nil || j == nil || j.State != drivers.JobRunning && j.State != drivers.JobUnknown { // which may run
			continue
		}
		agent := w.o.Agents[a.Nonce]
		of[heartbeats]++
		if agent.StillFor > w.d.Policy.Stale {
			lost[heartbeats] = append(lost[heartbeats], missing{a.Nonce, agent.StillFor})
		}
		if agent.Servers == Answers || agent.Servers == Refuses {
			of[probes]++
		}
		if agent.Servers == Refuses {
			lost[probes] = append(lost[probes], missing{a.Nonce, agent.RefusedFor})
		}
		switch down, known := w.downFor(a.Nonce, agent); {
		case !known:
		case down > 0:
			lost[prometheus] = append(lost[prometheus], missing{a.Nonce, down})
			fallthrough
		default:
			of[prometheus]++
		}
	}
	for source := range lost {
		for nonce, n := range w.atOnce(lost[source], of[source]) {
			f := w.faults[nonce]
			f[source] = cause{faulty[source].reason, fmt.Sprintf(faulty[source].message, n, of[source])}
			w.faults[nonce] = f
		}
	}
}

// faulty says, for each source, that it is at fault.
var faulty = [sources]cause{
	heartbeats: {HeartbeatsAtFault, "%d of %d agents fell silent at once, so their file system is at fault and not they: nothing is replaced because of it"},
	probes:     {ProbesAtFault, "the servers of %d of %d silent agents stopped answering at once, so the network from here is at fault and not they: nothing is replaced because of it"},
	prometheus: {PrometheusAtFault, "Prometheus lost %d of %d jobs at once, so it is at fault and not they: nothing is replaced because of it"},
}

// downFor is how long Prometheus has not reached a server of a seat, and whether it says anything of them.
func (w *world) downFor(nonce string, agent Agent) (down time.Duration, known bool) {
	if agent.State == nil || w.o.Metrics.Err != "" {
		return 0, false
	}
	for _, p := range agent.State.Processes {
		if _, seen := w.o.Metrics.Targets[nonce+"/"+p.Name]; seen {
			known, down = true, max(down, w.o.Metrics.Down[nonce+"/"+p.Name])
		}
	}
	return down, known
}

// atOnce are the losses of a source that happened together, with how many those were. Ones older than Policy.Hold are left out.
func (w *world) atOnce(lost []missing, of int) map[string]int {
	slices.SortFunc(lost, func(a, b missing) int { return cmp.Or(cmp.Compare(a.since, b.since), cmp.Compare(a.nonce, b.nonce)) })
	out := map[string]int{}
	end, done := 0, 0 // of the window that begins with first; those before done are in out
	for first := range lost {
		for end < len(lost) && lost[end].since-lost[first].since <= 2*w.d.Policy.Stale {
			end++
		}
		n := end - first
		if n < 2 || 5*n <= of {
			continue
		}
		for done = max(done, first); done < end; done++ {
			if lost[done].since <= w.d.Policy.hold() {
				out[lost[done].nonce] = n
			}
		}
	}
	return out
}

// hold is Policy.Hold, or its default.
func (p Policy) hold() time.Duration {
	if p.Hold == 0 {
		return 30 * time.Minute
	}
	return p.Hold
}
