package plan

import (
	"slices"
	"strings"

	"assay/drivers"
)

// targets lists what Prometheus should scrape: every process with metrics, every node's counters, external servers.
func (w *world) targets() []drivers.Target {
	out := []drivers.Target{}
	for _, x := range w.exps {
		for _, s := range x.services {
			if s.URL != "" && s.Process.Metrics != "" {
				out = append(out, target(externalID(x, s), strings.TrimSuffix(s.URL, "/")+s.Process.Metrics, x.Name, s.Name, "", ""))
			}
			for _, t := range s.seats {
				out = append(out, seatTargets(x, s, t)...)
			}
		}
	}
	slices.SortFunc(out, func(a, b drivers.Target) int { return strings.Compare(a.ID, b.ID) })
	return out
}

func externalID(x *experiment, s *service) string { return "external/" + x.Name + "/" + s.Name }

// seatTargets are those of a job that runs.
func seatTargets(x *experiment, s *service, t *seat) []drivers.Target {
	if t.attempt == nil || t.attempt.End != nil || t.attempt.Cancelled != "" || t.agent.State == nil || t.agent.State.Nonce != t.attempt.Nonce || t.agent.State.End != nil {
		return nil
	}
	if t.job != nil && t.job.State != drivers.JobRunning {
		return nil
	}
	var out []drivers.Target
	job := string(t.attempt.JobID)
	if p := t.proc; p != nil && p.Metrics != "" && (p.Phase == drivers.PhaseReady || p.WasReady && p.Phase == drivers.PhaseStarting) {
		out = append(out, target(t.attempt.Nonce+"/"+s.Name, p.Metrics, x.Name, s.Name, job, t.agent.State.Node))
	}
	for _, n := range t.agent.State.Nodes {
		if n.Metrics != "" {
			out = append(out, target(t.attempt.Nonce+"/node/"+n.Name, n.Metrics, x.Name, s.Name, job, n.Name))
		}
	}
	return out
}

func target(id, url, experiment, service, job, node string) drivers.Target {
	labels := map[string]string{"experiment": experiment, "service": service, "assay_target": id}
	if job != "" {
		labels["job_id"], labels["node"] = job, node
	}
	return drivers.Target{ID: id, URL: url, Labels: labels}
}

// targetIDs are the targets of a service itself, nodes aside.
func (w *world) targetIDs(x *experiment, s *service) []string {
	if s.URL != "" && s.Process.Metrics != "" {
		return []string{externalID(x, s)}
	}
	var out []string
	for _, t := range s.seats {
		for _, v := range seatTargets(x, s, t) {
			if strings.HasSuffix(v.ID, "/"+s.Name) && !strings.Contains(v.ID, "/node/") {
				out = append(out, v.ID)
			}
		}
	}
	return out
}
