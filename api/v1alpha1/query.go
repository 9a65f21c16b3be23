package v1alpha1

import (
	"fmt"
	"strings"
)

// CheckQueries has every PromQL expression of the manifest parsed, each once, and reports all that parse refuses with their
// places, as a *multierror.Error of Problem. Load does not do it: this package does not know PromQL.
func (m Manifest) CheckQueries(parse func(expr string) error) error {
	var problems []Problem
	errs := map[string]error{}
	for _, e := range m.Experiments {
		d := e.doc
		if d == nil {
			d = &document{file: e.File}
		}
		c := &checker{doc: d}
		check := func(path, expr string) {
			err, known := errs[expr]
			if !known {
				err = parse(expr)
				errs[expr] = err
			}
			if err != nil {
				c.bad(path, err.Error(), "")
			}
		}
		e.queries(e.Spec.Services, check)
		for _, p := range e.pointsOfReplicas() {
			if at, err := e.At(p); err == nil { // it was validated before
				e.queries(at.Spec.Services, check)
			}
		}
		for i, b := range e.Spec.Benchmarks {
			for k, g := range b.Gates {
				if g.PromQL != "" {
					check(fmt.Sprintf("spec.benchmarks[%d].gates[%d].promql", i, k), g.PromQL)
				}
			}
		}
		problems = append(problems, c.problems...)
	}
	return combine(problems)
}

func (e ExperimentDoc) queries(services []Service, check func(path, expr string)) {
	for i, s := range services {
		if s.Replicas != nil && s.Replicas.Metric != "" {
			check(servicePath(i)+".replicas.metric", s.Replicas.Metric)
		}
	}
}

// pointsOfReplicas are the points of a sweep that changes what scales a service.
func (e ExperimentDoc) pointsOfReplicas() []Point {
	if e.Spec.Sweep != nil {
		for _, path := range e.Spec.Sweep.paths() {
			if words := strings.Split(path, "."); len(words) > 2 && words[0] == "services" && words[2] == "replicas" {
				return e.Points()
			}
		}
	}
	return nil
}
