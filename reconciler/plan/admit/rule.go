package admit

import (
	"time"

	"assay/api/v1alpha1"
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
	if l.Site.Spec.Scheduler != v1alpha1.Slurm {
		return nil
	}
	all := demands(l.Site, e)
	for _, d := range all {
		for _, f := range l.check(d.job) {
			if f.Unknown && f.Field != Account {
				continue
			}
			if len(found) < mostHinted {
				f.Hint = l.hint(d.job, f)
			}
			out := v1alpha1.Finding{Path: d.paths[f.Field], Message: f.Message + d.what(), Hint: f.Hint, Warning: f.Waits}
			if f.Waits {
				out.Message += ": the job would wait until that is raised"
			}
			if d.run != "" && f.Field == Time {
				out.Message += ", with the " + v1alpha1.OwnJobSlack.String() + " that a run's job gets on top"
				out.Hint = ""
			}
			found = append(found, out)
		}
	}
	return append(found, l.once(all)...)
}

// mostHinted bounds for how many findings another QOS and another partition are looked for: no more problems are shown.
const mostHinted = 50
