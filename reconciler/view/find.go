package view

import "assay/api/v1alpha1"

// found is one object and the experiment that it belongs to.
type found struct {
	experiment v1alpha1.ExperimentStatus
	object     any // an ExperimentStatus, ServiceStatus, BenchmarkStatus or RunStatus
	conditions []v1alpha1.Condition
}

// find lists every experiment, service, benchmark or run of that name.
func (s Snapshot) find(kind, name string) (out []found) {
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
		case "run":
			for _, r := range e.Runs {
				add(r.ID, r, r.Conditions)
			}
		}
	}
	return out
}

// Conditions are those of an object by kind (experiment, service, benchmark or run) and name; of several objects of one
// name the last counts. Those of an experiment count only once its newest revision has been acted on.
func (s Snapshot) Conditions(kind, name string) (cs []v1alpha1.Condition, ok bool) {
	all := s.find(kind, name)
	if len(all) == 0 {
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
