package plan

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// Budget bounds what the jobs of an experiment, or of all experiments of a followed source, use. Zero bounds nothing.
type Budget struct {
	Usage
	Until time.Time // nothing is submitted from then on
}

// BudgetOf is a declared budget.
func BudgetOf(b *v1alpha1.Budget) Budget {
	if b == nil {
		return Budget{}
	}
	hours := func(n float64) time.Duration { return time.Duration(n * float64(time.Hour)) }
	return Budget{Usage{hours(b.NodeHours), hours(b.GPUHours)}, b.Until.Time}
}

// Spending is what a budget is used for. Spent and Reserved together never exceed what it bounds by a job that assay
// submits: the whole walltime of a job is reserved before it is submitted, and becomes spent, or free again, as the job runs
// and ends.
type Spending struct {
	Budget   Budget
	Of       string // the followed source whose budget it is; empty: the experiment's own
	Spent    Usage  // by jobs that have ended, and by those that run until now
	Reserved Usage  // what jobs that wait or run may still use, until their walltimes
	freeing  bool   // a job is about to end, and what it leaves is free again
}

// Left is what can still be reserved; of what is not bounded it says nothing.
func (s Spending) Left() Usage { return s.Budget.Usage.Minus(s.Spent).Minus(s.Reserved) }

// Refuses says why a job of that usage is not submitted at that time; empty: it may be. It is what every rule asks that would
// have more jobs run.
func (s Spending) Refuses(ask Usage, unlimited bool, now time.Time) string {
	b, left := s.Budget, s.Left()
	whose := "the budget"
	if s.Of != "" {
		whose = "the budget of " + s.Of
	}
	over := func(what string, most, asks, left, spent, reserved time.Duration) string {
		return fmt.Sprintf("%s is %s %s: %s spent, %s reserved, %s left, and this job asks for %s",
			whose, hoursText(most), what, hoursText(spent), hoursText(reserved), hoursText(max(left, 0)), hoursText(asks))
	}
	switch {
	case !b.Until.IsZero() && !now.Before(b.Until):
		return fmt.Sprintf("%s allows no job from %s on", whose, b.Until.UTC().Format(time.RFC3339))
	case unlimited && (b.Nodes > 0 || b.GPUs > 0):
		return whose + " bounds hours, and this job has no walltime"
	case b.Nodes > 0 && ask.Nodes > left.Nodes:
		return over("node-hours", b.Nodes, ask.Nodes, left.Nodes, s.Spent.Nodes, s.Reserved.Nodes)
	case b.GPUs > 0 && ask.GPUs > left.GPUs:
		return over("GPU-hours", b.GPUs, ask.GPUs, left.GPUs, s.Spent.GPUs, s.Reserved.GPUs)
	}
	return ""
}

// openSpending adds up what the attempts of experiments with a budget, and of sources with one, have used and reserve.
func (w *world) openSpending() {
	any := false
	bySource := map[string]*Spending{}
	for _, s := range w.o.Sources {
		if b := BudgetOf(s.Budget); b != (Budget{}) {
			bySource[s.Owner] = &Spending{Budget: b, Of: cmp.Or(s.Origin.Path, s.Owner), Spent: w.o.Forgotten[s.Owner]}
		}
	}
	for _, x := range w.exps {
		if x.Budget != (Budget{}) {
			x.spending = append(x.spending, &Spending{Budget: x.Budget})
		}
		if s := bySource[x.Owner]; s != nil {
			x.spending = append(x.spending, s)
		}
		any = any || len(x.spending) > 0
	}
	if !any {
		return
	}
	newest := map[drivers.Seat]*Attempt{}
	for _, a := range w.attempts {
		x := w.byName[a.Experiment]
		if x == nil || len(x.spending) == 0 {
			continue
		}
		if a.End != nil {
			newest[a.Seat] = a // the last one of a seat carries what those before it used
			continue
		}
		j := w.job(a.Nonce)
		ran := w.ranFor(a)
		rest := max(a.walltime(j)-ran, 0)
		for _, s := range x.spending {
			s.Spent, s.Reserved = s.Spent.Plus(a.Holds.For(ran)), s.Reserved.Plus(a.Holds.For(rest))
			s.freeing = s.freeing || a.Cancelled != "" || j != nil && j.State == drivers.JobCompleting
		}
	}
	w.reserveBusy()
	for _, a := range newest {
		for _, s := range w.byName[a.Experiment].spending {
			s.Spent = s.Spent.Plus(a.Before).Plus(a.End.Used)
		}
	}
}

// reserveBusy counts jobs that are being submitted right now: their attempts may not be recorded yet.
func (w *world) reserveBusy() {
	for seat, busy := range w.o.Busy {
		x := w.byName[seat.Experiment]
		recorded := slices.ContainsFunc(w.open[seat], func(a *Attempt) bool { return a.Nonce != "" })
		if x == nil || len(x.spending) == 0 || !busy || recorded {
			continue
		}
		if alloc := x.alloc[seat.Group]; alloc != nil {
			x.reserve(alloc.holds, alloc.job.Time)
		}
		for _, b := range x.Benchmarks {
			if runGroup+b.Name == seat.Group {
				x.reserve(HeldBy(b.Job, b.NodeGPUs), b.Job.Time)
			}
		}
	}
}

// affords says why a job is not submitted for an experiment now: its budget, or that of its source, does not cover the job's
// whole walltime.
func (w *world) affords(x *experiment, h Holds, walltime time.Duration) cause {
	for _, s := range x.spending {
		if why := s.Refuses(h.For(walltime), walltime <= 0, w.o.Now); why != "" {
			return cause{BudgetExceeded, why}
		}
	}
	return cause{}
}

// reserve counts a job in that is submitted in this pass, or the time by which one is extended.
func (x *experiment) reserve(h Holds, walltime time.Duration) {
	for _, s := range x.spending {
		s.Reserved = s.Reserved.Plus(h.For(walltime))
	}
}

// frees reports whether a job that counts is about to end, so that what is refused now may be submitted soon.
func (x *experiment) frees() bool {
	return slices.ContainsFunc(x.spending, func(s *Spending) bool { return s.freeing })
}

// refuse notes that a job is not submitted because of a budget.
func (x *experiment) refuse(because cause) {
	if !x.broke.set() {
		x.broke = because
	}
}

// spendingStatus is what users see of the budgets, and the condition about them.
func (w *world) spendingStatus(x *experiment, st *v1alpha1.ExperimentStatus, c *conditions) {
	if len(x.spending) == 0 {
		return
	}
	tenth := func(d time.Duration) float64 { return float64(int64(d.Hours()*10+0.5)) / 10 }
	hours := func(u Usage) v1alpha1.HoursStatus {
		return v1alpha1.HoursStatus{NodeHours: tenth(u.Nodes), GPUHours: tenth(u.GPUs)}
	}
	for _, s := range x.spending {
		st.Spending = append(st.Spending, v1alpha1.SpendingStatus{Of: s.Of, Spent: hours(s.Spent), Reserved: hours(s.Reserved),
			Budget: v1alpha1.Budget{NodeHours: s.Budget.Nodes.Hours(), GPUHours: s.Budget.GPUs.Hours(), Until: v1alpha1.Time{Time: s.Budget.Until}}})
	}
	if x.broke.set() {
		c.set(v1alpha1.WithinBudget, v1alpha1.False, x.broke)
		return
	}
	c.set(v1alpha1.WithinBudget, v1alpha1.True, cause{BudgetKept, "every job that is asked for was, or can be, submitted"})
}
