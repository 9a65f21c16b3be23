package admit

import (
	"time"

	"assay/api/v1alpha1"
	"assay/reconciler/plan"
)

// Rule is what v1alpha1.Load applies: every job of an experiment against the limits of its site, and all of them together.
// What a name should have been is Load's own to say.
func Rule(user string, at time.Time) v1alpha1.Rule {
	return func(site v1alpha1.Site, e v1alpha1.Experiment) []v1alpha1.Finding {
		return Limits{Site: site, User: user, At: at}.Experiment(e)
	}
}

// Experiment holds every job of an experiment, at one point of its sweep, against the limits, and all of them together.
func (l Limits) Experiment(e v1alpha1.Experiment) (found []v1alpha1.Finding) {
	all := demands(l.Site, e)
	found = beyond(e, l.Site, all)
	if l.Site.Spec.Scheduler != v1alpha1.Slurm {
		return found
	}
	for _, d := range all {
		for _, f := range l.check(d.job) {
			if f.Unknown && f.Field != Account {
				continue
			}
			if len(found) < mostHinted {
				f.Hint = l.hint(d.job, f)
			}
			out := v1alpha1.Finding{Path: d.path(f.Field), Message: f.Message + d.what(), Hint: f.Hint, Warning: f.Waits}
			if f.Waits {
				out.Message += ": the job would wait until that is raised"
			}
			if d.run != nil && f.Field == Time {
				out.Message += ", with the " + v1alpha1.OwnJobSlack.String() + " that a run's job gets on top"
				out.Hint = ""
			}
			found = append(found, out)
		}
	}
	return append(found, l.once(all)...)
}

// beyond is about jobs that the budget of the experiment cannot cover even when nothing is spent.
func beyond(e v1alpha1.Experiment, site v1alpha1.Site, all []*demand) (found []v1alpha1.Finding) {
	if e.Spec.Budget == nil {
		return nil
	}
	budget := plan.Spending{Budget: plan.BudgetOf(e.Spec.Budget)}
	budget.Budget.Until = time.Time{}
	for _, d := range all {
		holds := plan.HeldBy(d.job, plan.NodeGPUs(site, d.job.Partition))
		if why := budget.Refuses(holds.For(d.job.Time), d.job.Time <= 0, time.Time{}); why != "" {
			found = append(found, v1alpha1.Finding{Path: d.path(Time), Message: "can never be submitted: " + why, Hint: "ask for less time or fewer nodes, or raise spec.budget"})
		}
	}
	return found
}

// mostHinted bounds for how many findings another QOS and another partition are looked for: no more problems are shown.
const mostHinted = 50
