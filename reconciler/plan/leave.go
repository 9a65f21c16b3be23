package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"assay/drivers"
)

// A replica that a metric makes leave is not cut off. Gateways are told to send nothing more to it; once they were told it has
// the time of the drain for what it was asked; then it is cancelled. One that is wanted again meanwhile serves on. Where the user
// declares a smaller number, nothing waits.

// leaving looks after a job above the number, and reports whether it has time left to finish.
func (w *world) leaving(x *experiment, alloc *allocation, a *Attempt) bool {
	j, agent := w.job(a.Nonce), w.o.Agents[a.Nonce]
	if alloc.scale == nil || a.Cancelled != "" || a.unknown() || j == nil || j.State != drivers.JobRunning || !agent.serves() || w.busy(a.Seat) {
		return false
	}
	if a.HandedOver.IsZero() {
		if late := w.o.Scaled[x.Name+"/"+alloc.name].Changed.Add(mostWait); x.forwards(alloc, agent) && w.o.Now.Before(late) {
			w.wakeAt(late)
			return true
		}
		w.do(Action{Verb: HandOver, Experiment: x.Name, Object: "service/" + alloc.name, Seat: a.Seat, Nonce: a.Nonce, JobID: a.JobID, Reason: ScaledDown,
			Message: fmt.Sprintf("job %s gets no new requests; it finishes what it was asked and ends in %s", a.JobID, alloc.renew.Drain)})
		a.HandedOver = w.o.Now
	}
	if until := a.HandedOver.Add(alloc.renew.Drain); w.o.Now.Before(until) && !a.HandedOver.After(w.o.Now) {
		w.wakeAt(until)
		return true
	}
	return false
}

// mostWait is how long the drain of a replica waits for gateways that cannot be told to leave it out.
const mostWait = 5 * time.Minute

// forwards reports whether a gateway was last told to send requests to a job of an allocation.
func (x *experiment) forwards(alloc *allocation, agent Agent) bool {
	var addresses []string
	for _, p := range agent.State.Processes {
		if p.Endpoint != "" {
			addresses = append(addresses, p.Endpoint)
		}
	}
	for _, g := range x.services {
		if g.of == nil || !slices.Contains(g.Forwards, alloc.name) {
			continue
		}
		for seat := range g.of.filled() {
			for _, p := range seat.agent.Desired.Processes {
				for _, f := range p.Files {
					if p.Upstreams != "" && f.Path == p.Upstreams && slices.ContainsFunc(addresses, func(a string) bool { return strings.Contains(f.Content, `"`+a+`"`) }) {
						return true
					}
				}
			}
		}
	}
	return false
}

// takeBack lets a job serve on that was to leave, now that its place is wanted again.
func (w *world) takeBack(x *experiment, alloc *allocation, lead *seat) {
	a := lead.attempt
	if alloc.scale == nil || a == nil || a.HandedOver.IsZero() || a.Cancelled != "" || a.unknown() || alloc.twin(lead.id.Slot) != nil {
		return
	}
	w.do(Action{Verb: TakeBack, Experiment: x.Name, Object: "service/" + alloc.name, Seat: lead.id, Nonce: a.Nonce, JobID: a.JobID, Reason: ScaledUp,
		Message: fmt.Sprintf("job %s was to leave, and serves again", a.JobID)})
	a.HandedOver = time.Time{}
}
