package plan

import (
	"fmt"
	"slices"
	"strings"

	"assay/drivers"
)

// Symbols of a Step.
const (
	Create         = "+"
	Destroy        = "-"
	Replace        = "-/+"
	RestartProcess = "~ restart"
	Update         = "~"
	StartRun       = "+ run"
)

// Diff says what making d real would do to each object, as a whole and not only in the next pass. It is empty when nothing would change.
func Diff(d Desired, o Observed) []Step {
	w := look(d, o)
	steps := []Step{}
	for _, x := range w.exps {
		x.blocked, x.released = w.guarded(x), w.release(x)
		steps = append(steps, w.destroyed(x)...)
		if x.released.set() {
			continue
		}
		for _, s := range x.services {
			for _, t := range s.seats {
				if sym, y := w.step(x, s, t); sym != "" {
					steps = append(steps, Step{Symbol: sym, Object: seatName(t.id), Reason: y})
				}
			}
		}
		for _, r := range x.wantedRuns() {
			if !x.ended(r.key) && !slices.ContainsFunc(x.runs, func(h *Run) bool { return h.Key == r.key && active(h) }) {
				steps = append(steps, Step{Symbol: StartRun, Object: fmt.Sprintf("%s/%s/%d", x.Name, r.Name, r.repeat), Reason: "it has no run with this key"})
			}
		}
	}
	return steps
}

func seatName(id drivers.Seat) string {
	return fmt.Sprintf("%s/%s/%d", id.Experiment, id.Group, id.Slot)
}

// step is what would happen to a wanted seat: the same comparisons as keep and instruct make.
func (w *world) step(x *experiment, s *service, t *seat) (symbol, reason string) {
	if t.attempt == nil {
		if _, stalled := w.backoff(s, t); stalled.set() {
			return "", "" // it waits for another spec
		}
		return Create, "it is declared and no job runs for it"
	}
	told := t.agent.Desired
	now := process(s, t.id)
	switch {
	case t.attempt.Alloc != s.Alloc:
		return Replace, "its allocation changed: a new job"
	case len(told.Processes) == 1 && told.Processes[0].Fingerprint != s.Proc:
		return RestartProcess, "its process changed: the server restarts inside its allocation"
	case t.attempt.Settings != s.Settings:
		return Update, "its settings changed: in place, nothing restarts"
	case len(told.Processes) == 1 && !(drivers.AgentDesired{Processes: []drivers.Process{now}}).Equal(drivers.AgentDesired{Processes: told.Processes}):
		return Update, "its settings changed: in place, nothing restarts"
	}
	return "", ""
}

// destroyed lists the seats that are filled and not wanted.
func (w *world) destroyed(x *experiment) []Step {
	var ids []drivers.Seat
	for id, open := range w.open {
		if id.Experiment == x.Name && len(open) > 0 {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, compareSeats)
	var out []Step
	for _, id := range ids {
		if y := w.unwanted(x, id); y.set() {
			reason := y.message
			if x.blocked != "" {
				reason = "refused: " + x.blocked
			}
			out = append(out, Step{Symbol: Destroy, Object: seatName(id), Reason: reason})
		}
	}
	return out
}

// Summary is the last line of a plan, in Terraform's form.
func Summary(steps []Step) string {
	n := map[string]int{}
	for _, s := range steps {
		n[s.Symbol]++
	}
	var runs string
	if n[StartRun] > 0 {
		runs = fmt.Sprintf(", %d to run", n[StartRun])
	}
	return strings.TrimSpace(fmt.Sprintf("Plan: %d to add, %d to change, %d to destroy%s.",
		n[Create]+n[Replace], n[RestartProcess]+n[Update], n[Destroy]+n[Replace], runs))
}
