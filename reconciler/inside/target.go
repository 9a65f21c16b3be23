package inside

import (
	"fmt"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// Target is one server of a service.
type Target struct {
	Seat  drivers.Seat
	Nonce string
	JobID string
	Node  string
	Dir   string // of its job
	PID   int
}

// Choose is the server of a service's replica, counted from 0; of a service of several servers the component's. State reads what
// a job's agent observes, and folder is where that job's files are.
func Choose(experiment string, v v1alpha1.ServiceStatus, component string, replica int, state func(drivers.Seat, string) (*drivers.AgentState, error), folder func(drivers.Seat, string) string) (Target, error) {
	name := experiment + "/" + v.Name
	if replica < 0 || replica >= len(v.Seats) {
		return Target{}, fmt.Errorf("%s has no replica %d: it has %d, counted from 0", name, replica, len(v.Seats))
	}
	seat := v.Seats[replica]
	id, ok := drivers.ParseSeat(seat.Seat)
	if !ok || seat.Nonce == "" {
		return Target{}, fmt.Errorf("%s has no job in which a command can run; look: assay describe service %s", name, name)
	}
	if seat.JobState != string(drivers.JobRunning) {
		return Target{}, fmt.Errorf("the job %s of %s does not run (%s %s); look: assay describe service %s", seat.JobID, name, seat.JobState, seat.Reason, name)
	}
	st, err := state(id, seat.Nonce)
	if err != nil {
		return Target{}, err
	}
	var known []string
	if st != nil {
		for _, p := range st.Processes {
			of, part, _ := strings.Cut(p.Name, ".")
			if of != v.Name {
				continue
			}
			if component == "" || part == component {
				if p.PID == 0 {
					return Target{}, fmt.Errorf("the server of %s does not run now (%s); look: assay logs %s", name, p.Phase, name)
				}
				return Target{Seat: id, Nonce: seat.Nonce, JobID: seat.JobID, Node: st.Node, Dir: folder(id, seat.Nonce), PID: p.PID}, nil
			}
			known = append(known, v.Name+"."+part)
		}
	}
	if len(known) > 0 {
		return Target{}, fmt.Errorf("%s has no server %q; its servers are %s", name, component, strings.Join(known, ", "))
	}
	return Target{}, fmt.Errorf("the agent in job %s of %s has not started a server yet; look: assay describe service %s", seat.JobID, name, name)
}
