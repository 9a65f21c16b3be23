package plan

import (
	"fmt"
	"slices"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
)

func (w *world) serviceStatus(x *experiment, s *service, before v1alpha1.ExperimentStatus) v1alpha1.ServiceStatus {
	c := &conditions{w: w, generation: x.Generation}
	for _, p := range before.Services {
		if p.Name == s.Name {
			c.before = p.Conditions
		}
	}
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
	status, y := w.scraped(x, s)
	c.set(v1alpha1.Scraped, status, y)
	st.Conditions = c.list
	return st
}

// seatStatuses sums a service up: the first place that is not as wanted gives the reason.
func (w *world) seatStatuses(x *experiment, s *service, st *v1alpha1.ServiceStatus, c *conditions) {
	ready, y := v1alpha1.True, why{"Ready", "all probes pass"}
	scheduled, sy := v1alpha1.True, why{"Running", "every job runs"}
	stalled, endpoint := why{}, true
	for _, t := range s.places {
		v := seatStatus(t)
		st.Seats, st.Restarts = append(st.Seats, v), st.Restarts+len(w.ended[t.id])+v.Restarts
		if v.Ready {
			st.Ready++
		} else if ready == v1alpha1.True || t.ready == v1alpha1.Unknown {
			ready, y = t.ready, t.why
		}
		switch {
		case t.stalled.set():
			stalled = t.stalled
		case t.given.set() && s.of.grouped: // its job goes on for the others
			stalled = t.given
		}
		if q, qy := w.scheduled(t); q != v1alpha1.True {
			scheduled, sy = q, qy
		}
		endpoint = endpoint && v.Endpoint != "" && allReady(t)
	}
	if a := refused(s); a != "" && ready == v1alpha1.True {
		y.message = "all probes pass; the changed settings hold from the next job on, since the scheduler refused them for this one: " + a
	}
	if x.released.set() {
		ready, y, scheduled, sy = v1alpha1.False, x.released, v1alpha1.False, x.released
	}
	if x.blocked != "" {
		stalled = why{"PruneGuard", x.blocked}
	}
	if ready != v1alpha1.True && stalled.set() {
		y = stalled
	}
	c.set(v1alpha1.Ready, ready, y)
	w.progress(x, c, ready, y, stalled)
	c.set(v1alpha1.Scheduled, scheduled, sy)
	switch {
	case !w.known:
		c.set(v1alpha1.EndpointReady, v1alpha1.Unknown, why{"SchedulerUnreachable", w.o.Listing.Err})
	case endpoint && len(s.places) > 0:
		c.set(v1alpha1.EndpointReady, v1alpha1.True, why{"Answering", "every endpoint answers its probes"})
	default:
		c.set(v1alpha1.EndpointReady, v1alpha1.False, why{"NoEndpoint", "not every replica has an endpoint that answers"})
	}
}

// allReady reports whether every process of a place answers its probes.
func allReady(t *place) bool {
	return !slices.ContainsFunc(t.procs, func(p *drivers.ProcessState) bool { return p == nil || p.Phase != drivers.PhaseReady })
}

// progress sets Reconciling and Stalled: never both.
func (w *world) progress(x *experiment, c *conditions, ready string, y, stalled why) {
	switch {
	case stalled.set():
		c.set(v1alpha1.Reconciling, v1alpha1.False, stalled)
		c.set(v1alpha1.Stalled, v1alpha1.True, stalled)
		return
	case !w.known:
		c.set(v1alpha1.Reconciling, v1alpha1.Unknown, why{"SchedulerUnreachable", w.o.Listing.Err})
	default:
		c.set(v1alpha1.Reconciling, truth(ready != v1alpha1.True && !x.released.set()), y)
	}
	c.set(v1alpha1.Stalled, v1alpha1.False, why{"NotStalled", ""})
}

func refused(s *service) string {
	for _, t := range s.places {
		if t.attempt != nil && t.attempt.Refused != "" {
			return t.attempt.Refused
		}
	}
	return ""
}

// scheduled says whether the scheduler has started the seat's job, with its own reason while it has not.
func (w *world) scheduled(t *place) (string, why) {
	switch {
	case !w.known:
		return v1alpha1.Unknown, why{"SchedulerUnreachable", w.o.Listing.Err}
	case t.job == nil:
		return v1alpha1.False, t.why
	case t.job.State == drivers.JobPending:
		reason := t.job.Reason
		if reason == "" {
			reason = "Pending"
		}
		return v1alpha1.False, why{reason, fmt.Sprintf("job %s is pending: %s", t.job.ID, reason)}
	case t.job.State == drivers.JobRunning:
		return v1alpha1.True, why{"Running", fmt.Sprintf("job %s runs on %s", t.job.ID, strings.Join(t.job.Nodes, ","))}
	}
	return v1alpha1.False, why{string(t.job.State), fmt.Sprintf("job %s is %s", t.job.ID, t.job.State)}
}

// seatStatus never shows an address that the live job has not reported itself.
func seatStatus(t *place) v1alpha1.SeatStatus {
	v := v1alpha1.SeatStatus{Seat: t.id.String(), Ready: t.ready == v1alpha1.True, Reason: t.why.reason}
	if t.attempt == nil {
		return v
	}
	v.Nonce, v.JobID = t.attempt.Nonce, string(t.attempt.JobID)
	if j := t.job; j != nil {
		v.JobID, v.JobState, v.Nodes = string(j.ID), string(j.State), j.Nodes
		if j.State == drivers.JobPending {
			v.Reason = j.Reason
		}
		if !j.Started.IsZero() {
			started := j.Started
			v.Started = &started
		}
		if !j.Ends.IsZero() {
			ends := j.Ends
			v.Ends = &ends
		}
	}
	if p := t.endpoint(); p != nil && t.job != nil && t.job.State == drivers.JobRunning {
		v.Phase, v.Endpoint, v.Metrics, v.PID = p.Phase, p.Endpoint, p.Metrics, p.PID
		for _, p := range t.procs {
			if p == nil {
				continue
			}
			v.Restarts += p.Restarts
			if p.Last != nil && (v.Last == nil || p.Last.At.After(v.Last.At)) {
				v.Last = p.Last
			}
			if len(t.procs) > 1 && p.Endpoint != "" {
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

// externalStatus reports on a server that somebody else runs.
func (w *world) externalStatus(x *experiment, s *service, st *v1alpha1.ServiceStatus, c *conditions) {
	st.Replicas = 1
	e, seen := w.o.Externals[x.Name+"/"+s.Name]
	y := why{"Answering", s.URL + " answers its probes"}
	status := truth(e.Ready)
	switch {
	case !seen:
		status, y = v1alpha1.Unknown, why{"NotProbed", s.URL + " has not been probed yet"}
	case !e.Ready:
		y = why{"ProbeFailing", e.Message}
	default:
		st.Ready = 1
	}
	st.Seats = []v1alpha1.SeatStatus{{Seat: x.Name + "/" + s.Name, Ready: e.Ready, Endpoint: s.URL, Reason: y.reason}}
	c.set(v1alpha1.Ready, status, y)
	c.set(v1alpha1.Reconciling, v1alpha1.False, why{"External", "somebody else runs it"})
	c.set(v1alpha1.Stalled, v1alpha1.False, why{"NotStalled", ""})
	c.set(v1alpha1.Scheduled, v1alpha1.True, why{"External", "somebody else runs it"})
	c.set(v1alpha1.EndpointReady, status, y)
}

// scraped says what Prometheus knows of a service. What it does not know is Unknown, never False.
func (w *world) scraped(x *experiment, s *service) (string, why) {
	ids := w.targetIDs(x, s)
	switch {
	case w.o.Metrics.Err != "":
		return v1alpha1.Unknown, why{"PrometheusUnreachable", w.o.Metrics.Err}
	case !slices.ContainsFunc(s.Processes, func(p drivers.Process) bool { return p.Metrics != "" }):
		return v1alpha1.Unknown, why{"NoMetrics", "it declares no metrics to scrape"}
	case len(ids) == 0:
		return v1alpha1.Unknown, why{"NoTarget", "it has no address to scrape yet"}
	}
	for _, id := range ids {
		h, seen := w.o.Metrics.Targets[id]
		switch {
		case !seen:
			return v1alpha1.Unknown, why{"NotYetScraped", "Prometheus has not scraped it yet"}
		case !h.Up:
			return v1alpha1.False, why{"TargetDown", strings.TrimSpace("its job runs, but scraping it fails " + h.Error)}
		case s.Model != "" && len(h.Models) > 0 && !slices.Contains(h.Models, s.Model):
			return v1alpha1.False, why{"ModelMismatch", fmt.Sprintf("its metrics are of model %s, not %s", strings.Join(h.Models, ", "), s.Model)}
		}
	}
	return v1alpha1.True, why{"Scraped", "Prometheus scrapes it"}
}
