package plan

import "assay/drivers"

// Placement is what one seat asks of the scheduler and runs in its job, whatever the world is like.
type Placement struct {
	Seat      drivers.Seat
	Job       drivers.JobSpec
	Members   []string
	Processes []drivers.Process
}

// Placements are all that a desired set would submit, in the order of the manifest.
func Placements(d Desired) (out []Placement) {
	w := look(d, Observed{})
	for _, x := range w.exps {
		for _, s := range x.services {
			s.DependsOn = nil // a seat is shown as it will be, not as it begins
		}
		for _, al := range x.allocs {
			for _, t := range al.seats {
				job := al.job
				job.Name, job.Tag = t.id.JobName(), drivers.Tag{Store: d.Store, Seat: t.id, Revision: x.Revision, Nonce: "NONCE"}
				out = append(out, Placement{Seat: t.id, Job: job, Members: al.names(), Processes: w.processes(x, al, t)})
			}
		}
	}
	return out
}
