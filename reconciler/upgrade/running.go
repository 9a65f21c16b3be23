package upgrade

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"assay/drivers/bounded"
	"assay/drivers/procid"
	"assay/drivers/safefile"
	"assay/reconciler/store"
)

// Part is one assay at work.
type Part struct {
	What    string // controller, or job
	Version string // as it says; empty: it could not be asked
	Where   string // a process, or jobs by their seats
	Why     string // it could not be asked
}

// askTimeout bounds the question which version a program is.
const askTimeout = 5 * time.Second

// Running lists the assays that act in a state directory: who holds the lease, and the agents of jobs that have not ended, by
// version.
func Running(ctx context.Context, st *store.Store) (out []Part, err error) {
	holder, holds, err := st.Holder()
	if err != nil {
		return nil, err
	}
	if holds {
		p := Part{What: "controller", Where: fmt.Sprintf("%s, pid %d of %s on %s", holder.What, holder.PID, holder.User, holder.Host)}
		if holder.State() == procid.Alive {
			p.Version, p.Why = ask(ctx, fmt.Sprintf("/proc/%d/exe", holder.PID))
		} else {
			p.Why = "it cannot be seen from here: type this on " + holder.Host
		}
		out = append(out, p)
	}
	seats, err := seatsByProgram(st)
	if err != nil {
		return out, err
	}
	for program, of := range seats {
		p := Part{What: "job", Where: fewOf(of)}
		if program == "" {
			p.Why = "its agent has not said which it is: it is older, or has not started"
		} else if path := filepath.Join(st.Dir(), "bin", program, "assay"); safefile.Program(path) != nil {
			p.Why = safefile.Program(path).Error()
		} else {
			p.Version, p.Why = ask(ctx, path)
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Part) int { return strings.Compare(a.What+a.Version+a.Where, b.What+b.Version+b.Where) })
	return out, nil
}

// seatsByProgram are the seats of attempts without an end, by the program that their agent is.
func seatsByProgram(st *store.Store) (map[string][]string, error) {
	attempts, err := st.Attempts()
	if _, err = store.Tolerate(err); err != nil {
		return nil, err
	}
	out := map[string][]string{}
	for _, a := range attempts {
		if a.End != nil {
			continue
		}
		program := ""
		if state, err := st.State(a.Seat, a.Nonce); err == nil && state != nil {
			program = state.Program
		}
		out[program] = append(out[program], fmt.Sprint(a.Seat))
	}
	return out, nil
}

// mostSeats are named; of more there is the number.
const mostSeats = 3

func fewOf(seats []string) string {
	slices.Sort(seats)
	if len(seats) <= mostSeats {
		return strings.Join(seats, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(seats[:mostSeats], ", "), len(seats)-mostSeats)
}

// ask runs a program for its version: assay VERSION GO SYSTEM.
func ask(ctx context.Context, program string) (version, why string) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	out, _, err := bounded.Little(ctx, exec.Command(program, "version"), "")
	words := strings.Fields(string(out))
	if err != nil || len(words) < 2 || words[0] != "assay" {
		return "", fmt.Sprintf("%s version does not say: %v", program, err)
	}
	return words[1], ""
}
