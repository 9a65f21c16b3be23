package view

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// recentRuns is how many ended runs of an experiment are shown with the experiment.
const recentRuns = 100

// loadedAtOnce is how many runs are in memory while a long list is printed.
const loadedAtOnce = 200

// listedRun is a run that can be listed: one that the status shows, or one line of what has ended.
type listedRun struct {
	experiment string
	id         string
	at         time.Time // it began
	status     *v1alpha1.RunStatus
}

// EachRun hands out the runs that the filter allows: of those that began last as many as its limit says, in the order of
// their experiments and then of their beginning. More is how many it left out. Runs of experiments that are not declared any
// more are among them only when the experiment or the run is named.
func (s Snapshot) EachRun(f Filter, each func(Object) error) (more int, err error) {
	var all []listedRun
	for _, e := range s.experimentsWithRuns(f) {
		of, err := s.runsOf(e, f)
		if err != nil {
			return 0, err
		}
		all = append(all, of...)
	}
	if f.Limit > 0 && len(all) > f.Limit || f.Skip > 0 {
		slices.SortStableFunc(all, func(a, b listedRun) int { return b.at.Compare(a.at) })
		all = all[min(f.Skip, len(all)):]
		more, all = max(0, len(all)-f.Limit), all[:min(f.Limit, len(all))]
	}
	slices.SortStableFunc(all, func(a, b listedRun) int {
		return cmp.Or(strings.Compare(a.experiment, b.experiment), a.at.Compare(b.at), strings.Compare(a.id, b.id))
	})
	for part := range slices.Chunk(all, loadedAtOnce) {
		objects, err := s.load(part)
		if err != nil {
			return more, err
		}
		for _, o := range objects {
			if err := each(o); err != nil {
				return more, err
			}
		}
	}
	return more, nil
}

// experimentsWithRuns are those in which the filter can find a run. One that is not declared has no status but its name.
func (s Snapshot) experimentsWithRuns(f Filter) (out []v1alpha1.ExperimentStatus) {
	experiment, _, full := strings.Cut(f.Name, "/")
	if !full {
		experiment = f.Experiment
	}
	named := map[string]bool{}
	for _, e := range s.Statuses {
		named[e.Name] = true
		if (experiment == "" || e.Name == experiment) && s.labelled(e.Name, f) {
			out = append(out, e)
		}
	}
	switch {
	case f.Labels != nil && !f.Labels.Empty():
	case experiment != "" && !named[experiment]:
		out = append(out, v1alpha1.ExperimentStatus{Name: experiment})
	case experiment == "" && f.Name != "":
		others, _ := s.store.RunExperiments() // a folder that cannot be listed has none that can be found
		for _, o := range others {
			if !named[o] {
				out = append(out, v1alpha1.ExperimentStatus{Name: o})
			}
		}
	}
	return out
}

// runsOf lists the runs of one experiment that the filter allows, without reading them.
func (s Snapshot) runsOf(e v1alpha1.ExperimentStatus, f Filter) (out []listedRun, err error) {
	lines, err := s.store.Finished(e.Name)
	if err != nil {
		return nil, err
	}
	done := make(map[string]bool, len(lines))
	for _, r := range lines {
		done[r.ID] = true
		facts := v1alpha1.RunStatus{ID: r.ID, Benchmark: r.Benchmark, Phase: r.Phase}
		if f.allowsRun(e.Name, facts, cmp.Or(r.Valid, v1alpha1.Unknown), r.Created) {
			out = append(out, listedRun{e.Name, r.ID, r.Created, nil})
		}
	}
	for _, r := range e.Runs {
		if !done[r.ID] && f.allowsRun(e.Name, r, v1alpha1.Find(r.Conditions, v1alpha1.Valid).Status, timeOf(r.Started)) {
			out = append(out, listedRun{e.Name, r.ID, timeOf(r.Started), &r})
		}
	}
	return out, nil
}

func (f Filter) allowsRun(experiment string, r v1alpha1.RunStatus, valid string, began time.Time) bool {
	return f.allows(New("Run", Metadata{Name: r.ID, Experiment: experiment}, nil, nil)) &&
		(f.Benchmark == "" || f.Benchmark == r.Benchmark) &&
		(f.Phase == "" || strings.EqualFold(f.Phase, r.Phase)) &&
		(f.Valid == "" || f.Valid == valid) && !began.Before(f.Since)
}

// load makes the objects of runs: those that have ended are read from their folders. One that was removed meanwhile is left
// out.
func (s Snapshot) load(runs []listedRun) ([]Object, error) {
	ids := map[string][]string{}
	for _, r := range runs {
		if r.status == nil {
			ids[r.experiment] = append(ids[r.experiment], r.id)
		}
	}
	ended := map[string]v1alpha1.RunStatus{}
	for experiment, of := range ids {
		read, err := s.store.RunsByID(experiment, of)
		if err != nil {
			return nil, err
		}
		for _, r := range read {
			ended[experiment+"/"+r.ID] = plan.RunStatus(r)
		}
	}
	generation := map[string]int64{}
	for _, e := range s.Statuses {
		generation[e.Name] = e.Generation
	}
	var out []Object
	for _, r := range runs {
		st, ok := ended[r.experiment+"/"+r.id]
		if r.status != nil {
			st, ok = *r.status, true
		}
		if ok {
			m := Metadata{Name: r.id, Experiment: r.experiment, Revision: st.Revision, Generation: generation[r.experiment]}
			out = append(out, New("Run", m, runSpec(st), st))
		}
	}
	return out, nil
}

// withRecent adds the runs of an experiment that have ended last to those that its status shows, oldest first.
func withRecent(st *store.Store, e v1alpha1.ExperimentStatus) (v1alpha1.ExperimentStatus, error) {
	ended, err := st.Recent(e.Name, recentRuns)
	if err != nil {
		return e, err
	}
	var runs []v1alpha1.RunStatus
	for _, r := range ended {
		runs = append(runs, plan.RunStatus(r))
	}
	for _, r := range e.Runs {
		if !slices.ContainsFunc(runs, func(o v1alpha1.RunStatus) bool { return o.ID == r.ID }) {
			runs = append(runs, r)
		}
	}
	slices.SortStableFunc(runs, func(a, b v1alpha1.RunStatus) int { return timeOf(a.Started).Compare(timeOf(b.Started)) })
	e.Runs = runs
	return e, nil
}
