package view

import (
	"fmt"

	"assay/api/v1alpha1"
	"assay/reconciler/plan"
)

// found is one object and the experiment that it belongs to.
type found struct {
	experiment v1alpha1.ExperimentStatus
	object     any // an ExperimentStatus, ServiceStatus, BenchmarkStatus or RunStatus
	conditions []v1alpha1.Condition
}

// find lists every experiment, service, benchmark or run of that name. A run that is not under way is read from its folder,
// also when its experiment is not declared any more.
func (s Snapshot) find(kind, name string) (out []found, err error) {
	if kind == "run" {
		return s.findRuns(name)
	}
	for _, e := range s.Statuses {
		add := func(n string, object any, cs []v1alpha1.Condition) {
			if name == n || name == e.Name+"/"+n {
				out = append(out, found{e, object, cs})
			}
		}
		switch kind {
		case "experiment":
			if name == e.Name {
				out = append(out, found{e, e, e.Conditions})
			}
		case "service":
			for _, v := range e.Services {
				add(v.Name, v, v.Conditions)
			}
		case "benchmark":
			for _, b := range e.Benchmarks {
				add(b.Name, b, b.Conditions)
			}
		}
	}
	return out, nil
}

func (s Snapshot) findRuns(name string) (out []found, err error) {
	ended, err := s.store.FindRuns(name)
	if err != nil {
		return nil, err
	}
	statuses := map[string]v1alpha1.ExperimentStatus{}
	shown := map[string]bool{}
	for _, e := range s.Statuses {
		statuses[e.Name] = e
		for _, r := range e.Runs {
			if full := e.Name + "/" + r.ID; name == r.ID || name == full {
				out, shown[full] = append(out, found{e, r, r.Conditions}), true
			}
		}
	}
	for _, r := range ended {
		e, declared := statuses[r.Experiment]
		if !declared {
			e.Name = r.Experiment
		}
		if st := plan.RunStatus(r); !shown[r.Experiment+"/"+r.ID] && !active(st) {
			out = append(out, found{e, st, st.Conditions})
		}
	}
	return out, nil
}

// Conditions are those of an object by kind (experiment, service, benchmark or run) and name; of several objects of one
// name the last counts. Those of an experiment count only once its newest revision has been acted on.
func (s Snapshot) Conditions(kind, name string) (cs []v1alpha1.Condition, ok bool) {
	all, err := s.find(kind, name)
	if err != nil || len(all) == 0 {
		return nil, false
	}
	last := all[len(all)-1]
	if kind == "experiment" && last.experiment.Generation < s.Heads[name].Generation {
		return nil, false
	}
	return last.conditions, true
}

func is(cs []v1alpha1.Condition, typ string) bool {
	return v1alpha1.Find(cs, typ).Status == v1alpha1.True
}

// One is the only object of a kind that a filter with a name allows. That there is none, or several, is an error that says what
// to type.
func (s Snapshot) One(kind string, f Filter) (Object, error) {
	items, err := s.Objects(kind, f)
	switch {
	case err != nil:
		return Object{}, err
	case len(items) == 0:
		return Object{}, fmt.Errorf("no %s %q; what there is: assay get %s", Singular(kind), f.Name, kind)
	case len(items) > 1:
		return Object{}, fmt.Errorf("%d %s are called %s; write EXPERIMENT/%s", len(items), kind, f.Name, f.Name)
	}
	return items[0], nil
}
