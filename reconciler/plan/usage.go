package plan

import (
	"fmt"
	"time"

	"assay/drivers"
)

// Usage is time of nodes and of GPUs: two nodes for an hour are two hours.
type Usage struct {
	Nodes time.Duration `json:"nodes,omitempty"`
	GPUs  time.Duration `json:"gpus,omitempty"`
}

// Plus is both together.
func (u Usage) Plus(v Usage) Usage { return Usage{u.Nodes + v.Nodes, u.GPUs + v.GPUs} }

// Minus is what is left of u; it can be negative.
func (u Usage) Minus(v Usage) Usage { return Usage{u.Nodes - v.Nodes, u.GPUs - v.GPUs} }

func (u Usage) String() string {
	if u.GPUs == 0 {
		return fmt.Sprintf("%s node-hours", hoursText(u.Nodes))
	}
	return fmt.Sprintf("%s node-hours and %s GPU-hours", hoursText(u.Nodes), hoursText(u.GPUs))
}

// hoursText is a time in hours, to a tenth; what is less than that is written out.
func hoursText(d time.Duration) string {
	if h := d.Hours(); h <= -0.1 || h >= 0.1 || d == 0 {
		return fmt.Sprintf("%.4g", float64(int64(h*10+0.5))/10)
	}
	return fmt.Sprintf("%.2g", d.Hours())
}

// Holds is what a job keeps from others while it runs.
type Holds struct {
	Nodes int `json:"nodes,omitempty"`
	GPUs  int `json:"gpus,omitempty"` // on all nodes together
}

// HeldBy is what a job of that kind holds. nodeGPUs are the GPUs of a node where nodes come whole; 0 elsewhere. A job on the
// controller's own host holds nothing of the cluster.
func HeldBy(j drivers.JobSpec, nodeGPUs int) Holds {
	if j.Here {
		return Holds{}
	}
	nodes := max(j.Nodes, 1)
	return Holds{Nodes: nodes, GPUs: nodes * max(j.GPUsPerNode, nodeGPUs)}
}

// For is what is used in a time.
func (h Holds) For(d time.Duration) Usage {
	return Usage{time.Duration(h.Nodes) * d, time.Duration(h.GPUs) * d}
}

// ran is how long the job of an attempt has run, or ran: by the scheduler's own times, which come from its accounting when it
// no longer lists the job; else by the count of its agent; else, of a job that vanished, for as long as it can have run. It is
// at most the walltime, with the time in which a job ends.
func (w *world) ranFor(a *Attempt) time.Duration {
	j, agent := w.job(a.Nonce), w.o.Agents[a.Nonce]
	var ran time.Duration
	switch {
	case j != nil && j.State == drivers.JobPending:
	case j != nil && !j.Started.IsZero() && j.State.Terminal() && !j.Ends.IsZero():
		ran = j.Ends.Sub(j.Started)
	case j != nil && !j.Started.IsZero():
		ran = w.o.Now.Sub(j.Started)
		if agent.State != nil {
			ran = max(ran, agent.lived())
		}
	case agent.State != nil:
		ran = agent.lived()
	case j == nil && a.JobID != "" && !a.Submitted.IsZero():
		ran = w.o.Now.Sub(a.Submitted)
	}
	if most := a.walltime(j); most > 0 {
		ran = min(ran, most+limitGrace)
	}
	return max(ran, 0)
}

// walltime is how long the job of an attempt may run; 0: without limit, or not known.
func (a *Attempt) walltime(j *drivers.Job) time.Duration {
	most := max(a.Limit.Std(), a.Time.Std())
	if j != nil && j.Limit > 0 {
		most = j.Limit
	}
	return most
}

// UsedBy is what the ended attempts of an experiment have used.
func UsedBy(all []Attempt, experiment string) (sum Usage) {
	newest := map[drivers.Seat]Attempt{}
	for _, a := range all {
		if last, ok := newest[a.Seat]; a.Experiment == experiment && a.End != nil && (!ok || a.Number >= last.Number) {
			newest[a.Seat] = a
		}
	}
	for _, a := range newest {
		sum = sum.Plus(a.Before).Plus(a.End.Used)
	}
	return sum
}

// earlier is what the ended attempts of a seat have used, all together. Each attempt carries the sum of those before it, so
// that no history has to be read.
func (w *world) earlier(seat drivers.Seat) (sum Usage) {
	for _, a := range w.ended[seat.Place()] {
		if a.Seat == seat {
			sum = a.Before.Plus(a.End.Used)
		}
	}
	return sum
}
