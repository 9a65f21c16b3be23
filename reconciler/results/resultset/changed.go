package resultset

import (
	"slices"
	"strings"

	"assay/reconciler/changes"
	"assay/reconciler/results"
)

// Revisions are those of an experiment, oldest first, with what counts for each.
func (r Reader) Revisions(experiment string) (out []changes.Revision, err error) {
	m, err := r.Measurements(experiment)
	if err != nil {
		return nil, err
	}
	for _, rev := range m.History {
		out = append(out, changes.Revision{Generation: rev.Generation, Commit: rev.Origin.Commit, Author: rev.Origin.Author, Subject: rev.Origin.Subject, Rows: m.Of(rev)})
	}
	return out, nil
}

// Changed are the newest changes of the metrics that gates bound, over the revisions up to the one that is named: EXPERIMENT,
// EXPERIMENT@REVISION or EXPERIMENT@COMMIT. They decide nothing: a gate bounds a level, and this says since when it is there.
func (r Reader) Changed(ref string) (out []changes.Last, err error) {
	experiment, word, _ := strings.Cut(ref, "@")
	m, err := r.Measurements(experiment)
	if err != nil {
		return nil, err
	}
	rev, err := m.Find(word)
	if err != nil {
		return nil, err
	}
	all, err := r.Revisions(experiment)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(o changes.Revision) bool { return o.Generation > rev.Generation })
	seen := map[string]bool{}
	for _, b := range rev.Spec.Spec.Benchmarks {
		for _, g := range b.Gates {
			if g.Metric == "" {
				continue
			}
			for _, c := range changes.LastOf(changes.Bisect(all, g.Metric)) {
				if name := c.Metric + " " + results.Key(c.Benchmark, c.Point); c.Benchmark == b.Name && !seen[name] {
					seen[name] = true
					out = append(out, c)
				}
			}
		}
	}
	return out, nil
}
