package plan

import "assay/drivers"

// What a run is told of its target besides its address, so that its result can say what was measured.

// servers are the processes of a replica, as its agent says that they run.
func (r *replica) servers() (out []drivers.Server) {
	for _, p := range r.procs {
		if p != nil && p.Ran != nil {
			out = append(out, drivers.Server{Name: p.Name, Node: r.agent.State.Node, Ran: *p.Ran})
		}
	}
	return out
}

// meters are the counters of a replica's nodes. Its agent hands out the same GPUs on every node of the job.
func (r *replica) meters() (out []drivers.Meter) {
	if !scrapable(r.attempt, r.job, r.agent) {
		return nil
	}
	var cards []string
	if len(r.procs) > 0 && r.procs[0] != nil && r.procs[0].Ran != nil { // the server itself; none: it has all
		cards = r.procs[0].Ran.GPUs
	}
	for _, n := range r.agent.State.Nodes {
		if n.Metrics != "" {
			out = append(out, drivers.Meter{Node: n.Name, URL: n.Metrics, GPUs: cards})
		}
	}
	return out
}
