package plan

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"assay/drivers"
)

// targets lists what Prometheus should scrape: every process with metrics, every node's counters, external servers.
func (w *world) targets() []drivers.Target {
	out := []drivers.Target{}
	for _, x := range w.exps {
		for _, s := range x.services {
			if s.URL != "" && s.Processes[0].Metrics != "" {
				out = append(out, target(externalID(x, s), strings.TrimSuffix(s.URL, "/")+s.Processes[0].Metrics, x.Name, s.Name, "", ""))
			}
			for _, replica := range s.replicas {
				out = append(out, replicaTargets(x, s, replica)...)
			}
		}
		for _, alloc := range x.allocs {
			for _, seat := range alloc.seats {
				out = append(out, nodeTargets(seat.attempt, seat.job, seat.agent)...)
			}
		}
		out = append(out, w.runTargets(x)...)
	}
	slices.SortFunc(out, func(a, b drivers.Target) int { return strings.Compare(a.ID, b.ID) })
	return out
}

func externalID(x *experiment, s *service) string { return "external/" + x.Name + "/" + s.Name }

// scrapable reports whether a job runs and its agent speaks for it.
func scrapable(a *Attempt, j *drivers.Job, agent Agent) bool {
	return a != nil && a.End == nil && a.Cancelled == "" && agent.State != nil && agent.State.Nonce == a.Nonce && agent.State.End == nil &&
		(j == nil || j.State == drivers.JobRunning)
}

// replicaTargets are the processes of a service that answer, and the files of metrics that the agent serves for them.
func replicaTargets(x *experiment, s *service, replica *replica) []drivers.Target {
	if !scrapable(replica.attempt, replica.job, replica.agent) {
		return nil
	}
	var out []drivers.Target
	for i, p := range replica.procs {
		if p == nil {
			continue
		}
		if scraped(p) {
			one := target(replica.attempt.Nonce+"/"+p.Name, p.Metrics, x.Name, s.Name, string(replica.attempt.JobID), replica.agent.State.Node)
			one.Agent = s.Processes[i].Private
			out = append(out, one)
		}
		if first := replica.agent.State.Nodes; s.Processes[i].Textfile != "" && len(first) > 0 {
			for _, n := range first {
				if n.Name == replica.agent.State.Node && n.Metrics != "" {
					id := replica.attempt.Nonce + "/textfile/" + p.Name
					url := strings.TrimSuffix(n.Metrics, "/metrics") + "/textfile/" + p.Name
					out = append(out, drivers.Target{ID: id, URL: url, Labels: map[string]string{"assay_target": id}, Agent: true})
				}
			}
		}
	}
	return out
}

// scraped reports whether a process offers metrics and is up.
func scraped(p *drivers.ProcessState) bool {
	return p.Metrics != "" && (p.Phase == drivers.PhaseReady || p.WasReady && p.Phase == drivers.PhaseStarting)
}

// nodeTargets are the counters of every node of a job.
func nodeTargets(a *Attempt, j *drivers.Job, agent Agent) []drivers.Target {
	if !scrapable(a, j, agent) {
		return nil
	}
	var out []drivers.Target
	for _, n := range agent.State.Nodes {
		if n.Metrics != "" {
			one := target(a.Nonce+"/node/"+n.Name, n.Metrics, a.Experiment, strings.TrimPrefix(a.Seat.Group, runGroup), string(a.JobID), n.Name)
			one.Agent = true
			out = append(out, one)
		}
	}
	return out
}

// runTargets are the nodes of jobs that hold a run of their own.
func (w *world) runTargets(x *experiment) []drivers.Target {
	var out []drivers.Target
	for _, id := range x.openSeats {
		if !isRunSeat(id) {
			continue
		}
		for _, a := range w.open[id] {
			if j := w.job(a.Nonce); j != nil {
				out = append(out, nodeTargets(a, j, w.o.Agents[a.Nonce])...)
			}
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
	if s.URL != "" && s.Processes[0].Metrics != "" {
		return []string{externalID(x, s)}
	}
	var out []string
	for _, replica := range s.replicas {
		if !scrapable(replica.attempt, replica.job, replica.agent) {
			continue
		}
		for _, p := range replica.procs {
			if p != nil && scraped(p) {
				out = append(out, replica.attempt.Nonce+"/"+p.Name)
			}
		}
	}
	return out
}

// scrapeList is the list of targets in the form of Prometheus' file_sd: what a Prometheus that is a service scrapes.
func (w *world) scrapeList() string {
	type group struct {
		Targets []string          `json:"targets"`
		Labels  map[string]string `json:"labels"`
	}
	if w.fileSD != "" {
		return w.fileSD
	}
	groups := []group{}
	for _, t := range w.targets() {
		u, err := url.Parse(t.URL)
		if err != nil || u.Host == "" {
			continue // an address that an agent made up; its own state says so
		}
		labels := maps.Clone(t.Labels)
		labels["__metrics_path__"], labels["__scheme__"] = u.Path, u.Scheme
		if t.Agent {
			labels[drivers.AgentLabel] = "true"
		}
		groups = append(groups, group{[]string{u.Host}, labels})
	}
	b, err := json.MarshalIndent(groups, "", " ")
	if err != nil {
		panic(fmt.Sprintf("plain data that does not encode: %v", err))
	}
	w.fileSD = string(b)
	return w.fileSD
}
