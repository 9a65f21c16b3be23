package plan

import "assay/drivers"

// Placement is what one seat asks of the scheduler and runs in its job, whatever runs now.
type Placement struct {
	Seat      drivers.Seat
	Job       drivers.JobSpec
	Members   []string
	Processes []drivers.Process
}

// Placements are all that a desired set would submit, in the order of the manifest.
func Placements(d Desired) (out []Placement) {
	w := newWorld(d, Observed{})
	for _, x := range w.exps {
		for _, s := range x.services {
			s.DependsOn = nil // a seat is shown as it will be, not as it begins
		}
		for _, alloc := range x.allocs {
			for _, seat := range alloc.seats {
				job := alloc.job
				job.Tag = drivers.Tag{Store: d.Store, Seat: seat.id, Revision: x.Revision, Nonce: "NONCE"}
				job.Name = job.Tag.JobName()
				out = append(out, Placement{Seat: seat.id, Job: job, Members: alloc.names(), Processes: w.processes(x, alloc, seat)})
			}
		}
	}
	return out
}
