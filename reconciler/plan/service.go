package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
)

func (w *world) serviceStatus(x *experiment, s *service, before before) v1alpha1.ServiceStatus {
	c := &conditions{w: w, generation: x.Generation, before: before.services[s.Name]}
	st := v1alpha1.ServiceStatus{Name: s.Name, Kind: s.Kind, Simulated: s.Simulated, Replicas: s.Slots}
	switch {
	case s.Lustre != nil:
		w.folderStatus(x, s, &st, c)
		st.Conditions = c.list
		return st
	case s.URL != "":
		w.externalStatus(x, s, &st, c)
	default:
		w.seatStatuses(x, s, &st, c)
	}
	status, because := w.scraped(x, s)
	c.set(v1alpha1.Scraped, status, because)
	switch r := Reason(s.Exposed.Reason); r {
	case NoKey, OnNode, OpenRanks, InsecureRay:
		c.set(v1alpha1.Protected, v1alpha1.False, cause{r, s.Exposed.Message})
	}
	st.Scale = w.scaleStatus(x, s)
	st.Conditions = c.list
	return st
}

// seatStatuses sums a service up: the first place that is not as wanted gives the reason.
func (w *world) seatStatuses(x *experiment, s *service, st *v1alpha1.ServiceStatus, c *conditions) {
	ready, because := v1alpha1.True, cause{Ready, "all probes pass"}
	scheduled, sy := v1alpha1.True, cause{Running, "every job runs"}
	stalled, endpoint, doubted := cause{}, true, cause{}
	st.Seats = make([]v1alpha1.SeatStatus, 0, len(s.replicas))
	for _, replica := range s.replicas {
		v := w.seatStatus(replica)
		w.followed(s, replica, &v)
		st.Seats, st.Restarts = append(st.Seats, v), st.Restarts+w.restarts(replica.id)+v.Restarts
		if v.Ready {
			st.Ready++
		} else if ready == v1alpha1.True || replica.ready == v1alpha1.Unknown {
			ready, because = replica.ready, replica.cause
		}
		if v.Ready && ready == v1alpha1.True && because.reason == Ready {
			because = replica.cause // an agent that is silent while its servers answer
		}
		switch stuck := w.stuck(replica.job); {
		case replica.stalled.set():
			stalled = replica.stalled
		case stuck.set():
			stalled = stuck
		case replica.givenUp.set() && s.of.grouped: // its job goes on for the others
			stalled = replica.givenUp
		}
		if q, qy := w.scheduled(replica); q != v1alpha1.True {
			scheduled, sy = q, qy
		}
		endpoint = endpoint && v.Endpoint != "" && allReady(replica)
		if replica.ready == v1alpha1.Unknown && replica.cause.reason != StateUnknown {
			doubted = replica.cause
		}
	}
	if a := notInPlace(s); a != "" && because.reason == Ready {
		because.message = "all probes pass; " + a
	}
	if x.released.set() {
		ready, because, scheduled, sy = v1alpha1.False, x.released, v1alpha1.False, x.released
	}
	if x.blocked != "" {
		stalled = cause{PruneGuard, x.blocked}
	}
	if ready != v1alpha1.True && stalled.set() {
		because = stalled
	}
	shown, why := enough(s, st.Ready, ready, because)
	c.set(v1alpha1.Ready, shown, why)
	w.progress(x, c, ready, because, stalled)
	c.set(v1alpha1.Scheduled, scheduled, sy)
	switch {
	case !w.known:
		c.set(v1alpha1.EndpointReady, v1alpha1.Unknown, cause{SchedulerUnreachable, w.o.Listing.Err})
	case doubted.set():
		c.set(v1alpha1.EndpointReady, v1alpha1.Unknown, doubted)
	case endpoint && len(s.replicas) > 0:
		c.set(v1alpha1.EndpointReady, v1alpha1.True, cause{Answering, "every endpoint answers its probes"})
	default:
		c.set(v1alpha1.EndpointReady, v1alpha1.False, cause{NoEndpoint, "not every replica has an endpoint that answers"})
	}
}

// followed says what follows the job of a place.
func (w *world) followed(s *service, replica *replica, v *v1alpha1.SeatStatus) {
	w.nextJob(s, replica, v)
	v.Renewal = w.renewalStatus(s.of, replica.seat)
}

// allReady reports whether every process of a place answers its probes.
func allReady(replica *replica) bool {
	return !slices.ContainsFunc(replica.procs, func(p *drivers.ProcessState) bool { return p == nil || p.Phase != drivers.PhaseReady })
}

// progress sets Reconciling and Stalled: never both.
func (w *world) progress(x *experiment, c *conditions, ready string, because, stalled cause) {
	switch {
	case stalled.set():
		c.set(v1alpha1.Reconciling, v1alpha1.False, stalled)
		c.set(v1alpha1.Stalled, v1alpha1.True, stalled)
		return
	case !w.known:
		c.set(v1alpha1.Reconciling, v1alpha1.Unknown, cause{SchedulerUnreachable, w.o.Listing.Err})
	default:
		c.set(v1alpha1.Reconciling, truth(ready != v1alpha1.True && !x.released.set()), because)
	}
	c.set(v1alpha1.Stalled, v1alpha1.False, cause{NotStalled, ""})
}

// notInPlace says which settings hold only from the next job on.
func notInPlace(s *service) string {
	for _, replica := range s.replicas {
		switch a := replica.attempt; {
		case a == nil:
		case a.Refused != "":
			return "the changed settings hold from the next job on, since the scheduler refused them for this one: " + a.Refused
		case a.Deferred != "":
			return "the new time limit holds from the next job on: " + a.Deferred
		}
	}
	return ""
}

// scheduled says whether the scheduler has started the seat's job, with its own reason while it has not.
func (w *world) scheduled(replica *replica) (string, cause) {
	switch {
	case !w.known:
		return v1alpha1.Unknown, cause{SchedulerUnreachable, w.o.Listing.Err}
	case replica.job == nil:
		return v1alpha1.False, replica.cause
	case replica.job.State == drivers.JobPending && replica.job.Block == "":
		reason := cmp.Or(Reason(replica.job.Reason), Pending)
		return v1alpha1.False, cause{reason, fmt.Sprintf("job %s is pending: %s", replica.job.ID, reason)}
	case replica.job.State == drivers.JobRunning:
		return v1alpha1.True, cause{}
	case replica.job.State == drivers.JobUnknown:
		return v1alpha1.Unknown, w.notRunning(replica.job, replica.agent)
	}
	return v1alpha1.False, w.notRunning(replica.job, replica.agent)
}

// reported reports whether what the agent says is of a live job: one that runs or, while the scheduler cannot be asked, one
// whose agent or servers answer.
func (w *world) reported(replica *replica) bool {
	if w.known {
		return replica.job != nil && replica.job.State == drivers.JobRunning
	}
	st := replica.agent.State
	return st != nil && st.End == nil && len(replica.agent.Doubts) == 0 && (replica.agent.Servers == Answers || replica.agent.StillFor <= w.d.Policy.Stale)
}

// seatStatus never shows an address that the live job has not reported itself.
func (w *world) seatStatus(replica *replica) v1alpha1.SeatStatus {
	v := v1alpha1.SeatStatus{Seat: replica.id.String(), Ready: replica.ready == v1alpha1.True, Reason: string(replica.cause.reason)}
	if replica.attempt == nil {
		return v
	}
	v.Nonce, v.JobID = replica.attempt.Nonce, string(replica.attempt.JobID)
	if j := replica.job; j != nil {
		v.JobID, v.JobState, v.Nodes = string(j.ID), string(j.State), j.Nodes
		if j.State == drivers.JobPending {
			v.Reason = j.Reason
			v.Submitted, v.Expected = moment(j.Submitted), moment(j.Expected)
		}
		v.Started, v.Ends = moment(j.Started), moment(j.Ends)
	}
	if p := replica.endpoint(); p != nil && w.reported(replica) {
		v.Phase, v.Endpoint, v.Metrics, v.PID = p.Phase, p.Endpoint, p.Metrics, p.PID
		for _, p := range replica.procs {
			if p == nil {
				continue
			}
			v.Restarts += p.Restarts
			if p.Work != nil && p.Phase == drivers.PhaseStarting && v.Work == nil {
				v.Work = p.Work
			}
			if p.Startup != nil && v.Startup == nil {
				v.Startup = startup(*p.Startup, replica)
			}
			if p.Last != nil && (v.Last == nil || p.Last.At.After(v.Last.At)) {
				v.Last = p.Last
			}
			if len(replica.procs) > 1 && p.Endpoint != "" {
				if v.Endpoints == nil {
					v.Endpoints = map[string]string{}
				}
				_, component, _ := strings.Cut(p.Name, ".")
				v.Endpoints[component] = p.Endpoint
			}
		}
	}
	return v
}

// externalStatus reports on a server that assay does not run.
func (w *world) externalStatus(x *experiment, s *service, st *v1alpha1.ServiceStatus, c *conditions) {
	st.Replicas = 1
	e, seen := w.o.Externals[x.Name+"/"+s.Name]
	because := cause{Answering, s.URL + " answers its probes"}
	status := truth(e.Ready)
	switch {
	case !seen:
		status, because = v1alpha1.Unknown, cause{NotProbed, s.URL + " has not been probed yet"}
	case !e.Ready:
		because = cause{ProbeFailing, e.Message}
	default:
		st.Ready = 1
	}
	st.Seats = []v1alpha1.SeatStatus{{Seat: x.Name + "/" + s.Name, Ready: e.Ready, Endpoint: s.URL, Reason: string(because.reason)}}
	c.set(v1alpha1.Ready, status, because)
	c.set(v1alpha1.Reconciling, v1alpha1.False, cause{RunByOthers, "assay neither starts nor stops it"})
	c.set(v1alpha1.Stalled, v1alpha1.False, cause{NotStalled, ""})
	c.set(v1alpha1.Scheduled, v1alpha1.True, cause{RunByOthers, "assay neither starts nor stops it"})
	c.set(v1alpha1.EndpointReady, status, because)
}

// scraped says what Prometheus knows of a service. What it does not know is Unknown, never False.
func (w *world) scraped(x *experiment, s *service) (string, cause) {
	var ids []string
	if w.o.Metrics.Err == "" {
		ids = w.targetIDs(x, s)
	}
	switch {
	case w.o.Metrics.Err != "":
		return v1alpha1.Unknown, cause{PrometheusUnreachable, w.o.Metrics.Err}
	case !slices.ContainsFunc(s.Processes, func(p drivers.Process) bool { return p.Metrics != "" }):
		return v1alpha1.Unknown, cause{NoMetrics, "it declares no metrics to scrape"}
	case len(ids) == 0:
		return v1alpha1.Unknown, cause{NoTarget, "it has no address to scrape yet"}
	}
	for _, id := range ids {
		h, seen := w.o.Metrics.Targets[id]
		switch {
		case !seen:
			return v1alpha1.Unknown, cause{NotYetScraped, "Prometheus has not scraped it yet"}
		case !h.Up:
			return v1alpha1.False, cause{TargetDown, strings.TrimSpace("its job runs, but scraping it fails " + h.Error)}
		case s.Model != "" && len(h.Models) > 0 && !slices.Contains(h.Models, s.Model):
			return v1alpha1.False, cause{ModelMismatch, fmt.Sprintf("its metrics are of model %s, not %s", strings.Join(h.Models, ", "), s.Model)}
		}
	}
	return v1alpha1.True, cause{Scraped, "Prometheus scrapes it"}
}
