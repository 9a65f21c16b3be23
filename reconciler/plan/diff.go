package plan

import (
	"fmt"
	"maps"
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

// Diff says what applying d would do to each object, as a whole and not only in the next pass. It is empty when nothing would change.
func Diff(d Desired, o Observed) []Step {
	o.Fences = false // as a whole: a seat whose last job is ended for good first is free afterwards
	w := newWorld(d, o)
	w.settle()
	steps := []Step{}
	for _, x := range w.exps {
		x.blocked, x.released = w.guarded(x), w.release(x)
		steps = append(steps, w.destroyed(x)...)
		if x.released.set() {
			continue
		}
		for _, alloc := range x.allocs {
			for _, seat := range alloc.seats {
				steps = append(steps, w.steps(x, alloc, seat)...)
			}
		}
		steps = append(steps, w.scaleSteps(x)...)
		steps = append(steps, w.folderSteps(x)...)
		for _, r := range x.wants {
			if !x.ended(r.key) && !x.underWay(r.key) {
				steps = append(steps, Step{Symbol: StartRun, Object: fmt.Sprintf("%s/%s/%d%s", x.Name, r.Name, r.repeat, atPoint(r.params)), Reason: r.reason()})
			}
		}
	}
	return steps
}

func seatName(id drivers.Seat) string {
	return fmt.Sprintf("%s/%s/%d", id.Experiment, id.Group, id.Slot)
}

// steps are what would happen to a wanted seat: the same comparisons as keep and instruct make.
func (w *world) steps(x *experiment, alloc *allocation, seat *seat) []Step {
	one := func(symbol, reason string) []Step {
		if alloc.grouped {
			reason += " (" + strings.Join(alloc.names(), ", ") + ")"
		}
		return []Step{{Symbol: symbol, Object: seatName(seat.id), Reason: reason}}
	}
	if seat.attempt == nil {
		if _, stalled := w.backoff(alloc, seat); stalled.set() {
			return nil // it waits for another spec
		}
		ended := w.ended[seat.id.Place()]
		if n := len(ended); n > 0 && ended[n-1].End.Reason != NeverSubmitted {
			last := ended[n-1].End
			return one(Create, fmt.Sprintf("the last job ended: %s (%s)", last.Reason, last.Message))
		}
		if alloc.scale != nil {
			return one(Create, fmt.Sprintf("it is declared and no job runs for it; a metric decides from then on: %d to %d replicas", alloc.scale.Min, alloc.scale.Max))
		}
		return one(Create, "it is declared and no job runs for it")
	}
	if !alloc.fits(seat.attempt) {
		return one(Replace, "its allocation changed: a new job")
	}
	out := memberSteps(x, alloc, seat)
	if len(out) > 0 {
		return out
	}
	last := drivers.AgentDesired{Processes: seat.agent.Desired.Processes}
	if seat.attempt.Settings != alloc.settings || len(last.Processes) > 0 && !(drivers.AgentDesired{Processes: withoutTargets(w.processes(x, alloc, seat))}).Equal(drivers.AgentDesired{Processes: withoutTargets(last.Processes)}) {
		return one(Update, w.updateReason(alloc, seat))
	}
	return nil
}

// memberSteps are the services of a running job that restart, join or leave it.
func memberSteps(x *experiment, alloc *allocation, seat *seat) (out []Step) {
	running := map[string]string{} // service -> the fingerprints that the agent was told to run
	for _, p := range seat.agent.Desired.Processes {
		running[p.Service()] += " " + p.Fingerprint
	}
	for _, s := range alloc.members {
		now := ""
		for _, p := range s.Processes {
			now += " " + p.Fingerprint
		}
		object := fmt.Sprintf("%s/%s/%d", x.Name, s.Name, seat.id.Slot)
		switch was, there := running[s.Name]; {
		case !there && alloc.grouped && len(running) > 0:
			out = append(out, Step{Symbol: Create, Object: object, Reason: "it joins the job of group " + alloc.name})
		case there && was != now:
			out = append(out, Step{Symbol: RestartProcess, Object: object, Reason: "its process changed: the server restarts inside its allocation"})
		}
		delete(running, s.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(running)) {
		out = append(out, Step{Symbol: Destroy, Object: fmt.Sprintf("%s/%s/%d", x.Name, name, seat.id.Slot), Reason: "it leaves the job of group " + alloc.name})
	}
	return out
}

// withoutTargets leaves out the list of what to scrape: it changes without an edit.
func withoutTargets(ps []drivers.Process) []drivers.Process {
	ps = slices.Clone(ps)
	for i, p := range ps {
		if p.Targets != "" || p.Upstreams != "" {
			ps[i].Files = slices.DeleteFunc(slices.Clone(p.Files), func(f drivers.File) bool { return f.Path == p.Targets || f.Path == p.Upstreams })
		}
	}
	return ps
}

// folderSteps are the directories that would be made or removed.
func (w *world) folderSteps(x *experiment) (out []Step) {
	wanted := map[string]bool{}
	for _, s := range x.services {
		if s.Lustre == nil {
			continue
		}
		wanted[s.Name] = true
		if !w.isRecorded(x, s) {
			out = append(out, Step{Symbol: Create, Object: x.Name + "/" + s.Name, Reason: s.Lustre.Path + " is declared"})
		}
	}
	for _, r := range x.records {
		if !wanted[r.Service] {
			out = append(out, Step{Symbol: Destroy, Object: x.Name + "/" + r.Service, Reason: r.Spec.Path + " is no longer declared; removed if assay made it"})
		}
	}
	return out
}

// destroyed lists the seats that are filled and not wanted.
func (w *world) destroyed(x *experiment) []Step {
	var out []Step
	for _, id := range x.openSeats {
		if because := w.unwanted(x, id); because.set() && len(w.open[id]) > 0 && !x.shrinks(id) {
			reason := because.message
			if x.blocked != "" {
				reason = "refused: " + x.blocked
			}
			out = append(out, Step{Symbol: Destroy, Object: seatName(id), Reason: reason})
		}
	}
	return out
}

// shrinks reports whether a seat is only above the number that a metric asks for at the moment: that is no edit.
func (x *experiment) shrinks(id drivers.Seat) bool {
	alloc := x.alloc[id.Group]
	return !x.released.set() && alloc != nil && alloc.scale != nil && id.Slot < alloc.scale.Max
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
