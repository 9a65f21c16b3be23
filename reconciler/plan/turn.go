package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// A run is recorded first, and then waits for its turn: until its target is Ready, its job runs, and no run of another
// experiment measures on a host that it uses. Only then is it told where its target is, and only then its agent learns of
// it. Older runs come first. A run that waits for nothing but its turn keeps its hosts free of younger ones, so that it
// does not wait for ever; one that is told waits for nobody, so that no two wait for each other.

// told reports whether a run has had its turn. Those of an older assay were told when they were recorded.
func (r *Run) told() bool {
	return r.Given != nil || r.Phase != v1alpha1.RunPending || r.Claim != nil || r.Result != nil
}

// turn are runs that begin together: mostly one.
type turn struct {
	x    *experiment
	runs []*Run // oldest first
}

// turns gives those runs their turn that can have it.
func (w *world) turns() {
	w.holds, w.next = map[string][]*Run{}, map[*Run]bool{}
	var waiting []turn
	for _, x := range w.exps {
		for _, r := range x.runs {
			if active(r) && r.told() {
				w.hold(r, r.Uses)
			}
		}
		waiting = append(waiting, x.waiting()...)
	}
	slices.SortStableFunc(waiting, func(a, b turn) int {
		return cmp.Or(a.runs[0].Created.Compare(b.runs[0].Created), strings.Compare(a.x.Name, b.x.Name), strings.Compare(a.runs[0].ID, b.runs[0].ID))
	})
	for _, t := range waiting {
		w.take(t)
	}
}

// waiting are an experiment's active runs that were not told yet, those of a set together.
func (x *experiment) waiting() (out []turn) {
	if x.released.set() || x.blocked != "" {
		return nil
	}
	at := map[setKey]int{}
	for _, r := range x.runs {
		if !active(r) || r.told() {
			continue
		}
		i, wanted := x.wantOf[r.Key]
		if !wanted {
			continue // it is superseded
		}
		if want := &x.wants[i]; want.Together != "" {
			if n, known := at[want.set()]; known {
				out[n].runs = append(out[n].runs, r)
				continue
			}
			at[want.set()] = len(out)
		}
		out = append(out, turn{x, []*Run{r}})
	}
	return out
}

// take gives runs their turn, or notes why they wait.
func (w *world) take(t turn) {
	uses, ready := w.usesOf(t), true
	for _, r := range t.runs {
		if because := w.unready(t.x, r); because.set() {
			w.postpone(t, because)
			return
		}
		ready = ready && w.placeable(r)
	}
	if other := w.holder(t.x, uses); other != nil {
		w.postpone(t, w.behind(t.x, t.runs[0], other, uses))
	} else if ready {
		for _, r := range t.runs {
			w.place(t.x, r, uses)
		}
	}
	for _, r := range t.runs {
		w.next[r] = !w.waitsFor[r].set()
		if !w.stuck(w.job(r.Nonce)).set() {
			w.hold(r, uses)
		}
	}
}

// unready says why a run's target cannot be measured now.
func (w *world) unready(x *experiment, r *Run) cause {
	s := x.service[r.Target]
	if s == nil || !w.available(x, r.Target) {
		return cause{WaitingForTarget, r.Target + " is not Ready"}
	}
	if name := x.changes(r.Target); name != "" {
		return cause{WaitingForTarget, "the number of replicas of " + name + " changes"}
	}
	for _, replica := range s.replicas {
		if because := w.leaves(replica.job, r.Limit.Std()); because.set() {
			return because
		}
	}
	return cause{}
}

// placeable reports whether the job of a run can take it now.
func (w *world) placeable(r *Run) bool {
	a, j, agent := w.attempt[r.Nonce], w.job(r.Nonce), w.o.Agents[r.Nonce]
	return a != nil && a.End == nil && a.Cancelled == "" && j != nil && j.State == drivers.JobRunning && agent.Err == "" && agent.State != nil
}

// usesOf are the hosts, servers and directories that runs use: of their targets, and of their clients.
func (w *world) usesOf(t turn) []string {
	var out []string
	for _, r := range t.runs {
		if s := t.x.service[r.Target]; s != nil {
			out = append(out, s.uses()...)
		}
		if j := w.job(r.Nonce); j != nil {
			out = append(out, j.Nodes...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// uses are what a measurement of a service uses. A server that others run, and a directory, are named as themselves.
func (s *service) uses() []string {
	switch {
	case s.Lustre != nil:
		return []string{"directory " + s.Lustre.Path}
	case s.URL != "":
		return []string{"server " + s.URL}
	}
	var out []string
	for _, replica := range s.replicas {
		if replica.job != nil {
			out = append(out, replica.job.Nodes...)
		}
	}
	return out
}

func (w *world) hold(r *Run, uses []string) {
	for _, u := range uses {
		w.holds[u] = append(w.holds[u], r)
	}
}

// holder is the run of another experiment that uses one of these, or comes first; of several the oldest.
func (w *world) holder(x *experiment, uses []string) (first *Run) {
	for _, u := range uses {
		for _, r := range w.holds[u] {
			if r.Experiment != x.Name && (first == nil || r.Created.Before(first.Created)) {
				first = r
			}
		}
	}
	return first
}

// behind says which run comes first, and on what.
func (w *world) behind(x *experiment, r, other *Run, uses []string) cause {
	on := "the same host"
	for _, u := range uses {
		if slices.Contains(w.holds[u], other) {
			on = u
			break
		}
	}
	return cause{WaitingForTurn, fmt.Sprintf("run %s of experiment %s measures first on what both use: %s", other.ID, other.Experiment, on)}
}

func (w *world) postpone(t turn, because cause) {
	if w.waitsFor == nil {
		w.waitsFor = map[*Run]cause{}
	}
	for _, r := range t.runs {
		w.waitsFor[r] = because
		t.x.wait(&wantedRun{Benchmark: &Benchmark{Name: r.Benchmark}}, because)
	}
}

// place tells a run where its target is.
func (w *world) place(x *experiment, r *Run, uses []string) {
	c := *r
	c.give(x.service[r.Target], uses, w.d.ScrapeToken)
	w.do(Action{Verb: PlaceRun, Experiment: x.Name, Object: "run/" + r.ID, Nonce: r.Nonce, JobID: drivers.JobID(r.JobID), Reason: TargetReady,
		Message: r.Target + " is Ready, and it is its turn", Run: &c})
}

// give sets what a run measures, as it is now.
func (r *Run) give(s *service, uses []string, token string) {
	to := drivers.RunTarget{Model: s.Model, TokenFile: s.TokenFile()}
	if s.URL != "" {
		to.Endpoints = []string{s.URL}
	}
	if s.Lustre != nil {
		to.Directory = s.Lustre.Path
	}
	for _, replica := range s.replicas {
		to.Endpoints = append(to.Endpoints, replica.endpoint().Endpoint)
		r.Measures = append(r.Measures, replica.attempt.Nonce)
		to.Servers, to.Meters = append(to.Servers, replica.servers()...), append(to.Meters, replica.meters()...)
	}
	if len(to.Meters) > 0 {
		to.MeterToken = token
	}
	r.Given, r.Uses, r.Deployment = &to, uses, s.deployment()
}
