package plan

import (
	"fmt"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// Allocations are counted, since they do not depend on how busy a machine is. A rule that begins to search, sort or copy
// for each service shows here first.

func planAllocs(d Desired, o Observed) float64 {
	return testing.AllocsPerRun(3, func() { Plan(d, o) })
}

// TestPlanAllocations holds the cost of a pass in which nothing is to do.
func TestPlanAllocations(t *testing.T) {
	const most = 21_000
	if n := planAllocs(settledWorld(1000, 10_000)); n > most || n < most*9/10 {
		t.Errorf("a pass over 1,000 services and 10,000 jobs makes %.0f allocations; the bound is %d", n, most)
	}
}

// TestPlanGrowsInProportion: ten times as much of anything costs at most ten times as much, and a little.
func TestPlanGrowsInProportion(t *testing.T) {
	for name, world := range map[string]func(n int) (Desired, Observed){
		"services":    func(n int) (Desired, Observed) { return settledWorld(10*n, 100*n) },
		"experiments": func(n int) (Desired, Observed) { return historyWorld(10*n, 1, 10, 0) },
		"runs":        func(n int) (Desired, Observed) { return historyWorld(1, 1, 100*n, 0) },
		"points":      func(n int) (Desired, Observed) { return historyWorld(1, 10*n, 1, 0) },
		"attempts":    func(n int) (Desired, Observed) { return historyWorld(1, 1, 1, 100*n) },
		"a group":     func(n int) (Desired, Observed) { return groupWorld(20 * n) },
	} {
		t.Run(name, func(t *testing.T) {
			if d, o := world(1); name == "a group" || name == "services" {
				if r := Plan(d, o); len(r.Actions) > 0 {
					t.Fatalf("the world is not settled: %+v", r.Actions[0])
				}
			}
			one, ten := planAllocs(world(1)), planAllocs(world(10))
			if ten > 10.5*one {
				t.Errorf("ten times the %s: %.0f allocations become %.0f, %.1f times as many", name, one, ten, ten/one)
			}
		})
	}
}

// historyWorld has experiments with a sweep each, whose runs have all ended, and attempts that ended before.
func historyWorld(experiments, points, repeats, attempts int) (Desired, Observed) {
	d := Desired{Store: "us", Policy: Policy{Settle: 30 * time.Second, Stale: 30 * time.Second, Proven: time.Hour}}
	o := Observed{Now: epoch, Listing: Listing{At: epoch}, Previous: map[string]v1alpha1.ExperimentStatus{}}
	for i := range experiments {
		e := Experiment{Name: fmt.Sprintf("e%d", i), Revision: "r", Generation: 1}
		s := Service{Name: "s", Slots: 1, Alloc: "a", Proc: "p", Settings: "s"}
		b := Benchmark{Name: "q", Target: "s", Repeats: repeats, Timeout: time.Minute}
		e.Services, e.Benchmarks = []Service{s}, []Benchmark{b}
		for k := range points {
			e.Points = append(e.Points, Point{Params: map[string]string{"k": fmt.Sprint(k)}, Services: e.Services, Benchmarks: e.Benchmarks})
		}
		for k, want := range e.wanted() {
			o.Runs = append(o.Runs, Run{ID: fmt.Sprint(k), Experiment: e.Name, Benchmark: "q", Target: "s", Repeat: want.repeat, Attempt: 1, Key: want.key,
				Phase: v1alpha1.RunComplete, Nonce: "n", JobID: "1", Created: epoch.Add(time.Duration(k-10_000) * time.Second)})
		}
		for k := range attempts {
			o.Attempts = append(o.Attempts, Attempt{Nonce: fmt.Sprintf("n%d", k), Seat: drivers.Seat{Experiment: e.Name, Group: "s", Slot: k % 100}, Experiment: e.Name,
				Begun: epoch.Add(time.Duration(k-10_000) * time.Second), End: &End{Reason: JobFailed}})
		}
		d.Experiments = append(d.Experiments, e)
	}
	return d, o
}

// groupWorld has one job that holds n services.
func groupWorld(n int) (Desired, Observed) {
	d, o := settledWorld(1, 1)
	e := &d.Experiments[0]
	one := e.Services[0]
	e.Services = nil
	agent := o.Agents["n0"]
	agent.Desired.Processes, agent.State.Processes = nil, agent.State.Processes[:1]
	first := agent.State.Processes[0]
	agent.State.Processes = nil
	for i := range n {
		s, state := one, first
		s.Name, s.Group, state.Name = fmt.Sprintf("s%d", i), "g", fmt.Sprintf("s%d", i)
		s.Processes = one.Processes[:1:1]
		p := s.Processes[0]
		p.Name = s.Name
		s.Processes = append(s.Processes[:0:0], p)
		e.Services, agent.Desired.Processes, agent.State.Processes = append(e.Services, s), append(agent.Desired.Processes, p), append(agent.State.Processes, state)
	}
	o.Agents["n0"] = agent
	o.Attempts[0].Seat.Group, o.Listing.Jobs[0].Tag.Seat.Group = "g", "g"
	alloc, _ := allocate([]*service{{Service: e.Services[0]}})
	o.Attempts[0].Base, o.Attempts[0].Settings, o.Attempts[0].Size = alloc[0].base, alloc[0].settings, alloc[0].size
	return d, o
}
