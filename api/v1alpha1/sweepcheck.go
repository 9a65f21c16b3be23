package v1alpha1

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// checkSweep validates a sweep and the experiment at each of its points. The document keeps the experiment at the first
// point, and the declared services and benchmarks in its sweep.
func (d *document) checkSweep(site Site, rules []Rule) []Problem {
	e := *d.experiment
	s := *e.Spec.Sweep
	c := &checker{doc: d}
	written := s.Declared // of a manifest that assay printed
	if written == nil {
		s.Declared = &Declared{e.Spec.Services, e.Spec.Benchmarks}
	}
	e.Spec.Sweep = &s
	c.tags(Experiment{Metadata: e.Metadata, Spec: ExperimentSpec{Sweep: &s}})
	if !c.sweptPaths(s) {
		return c.problems
	}
	if c.sweep(s); len(c.problems) > 0 {
		return c.problems
	}
	if c.sweepSize(s); len(c.problems) > 0 {
		return c.problems
	}
	points := e.Points()
	if n := len(points); n == 0 || n > maxPoints {
		c.bad("spec.sweep", fmt.Sprintf("has %d points; it needs 1 to %d", n, maxPoints), "")
		return c.problems
	}
	problems, resolved := d.checkPoints(site, e, points, rules)
	if resolved != nil {
		if written != nil && text(Declared{resolved.Services, resolved.Benchmarks}) != text(Declared{e.Spec.Services, e.Spec.Benchmarks}) {
			c.bad("spec.services", "differs from the first point of spec.sweep.declared, from which the points are made", "edit that, or remove it")
			return append(problems, c.problems...)
		}
		e.Spec = *resolved
		e.Spec.Sweep = &s
		c.amounts(e, len(points))
		problems = append(problems, c.problems...)
	}
	*d.experiment = e
	return problems
}

// checkPoints validates the experiment at every point. A problem is reported once, with the first point that has
// it, or without a point when all have it.
func (d *document) checkPoints(site Site, e Experiment, points []Point, rules []Rule) (problems []Problem, first *ExperimentSpec) {
	at, count := map[Problem]Point{}, map[Problem]int{}
	var order []Problem
	for _, p := range points {
		work := *d
		x, err := e.At(p)
		var found []Problem
		if err != nil {
			c := &checker{doc: d}
			c.bad("spec.sweep", "at "+p.String()+": "+err.Error(), "")
			found = c.problems
		} else {
			work.experiment, work.warnings = &x, nil
			found = work.checkExperiment(site, rules)
		}
		for _, f := range found {
			if count[f]++; count[f] == 1 {
				at[f], order = p, append(order, f)
			}
		}
		if first == nil && err == nil {
			first, d.warnings = &x.Spec, append(d.warnings, work.warnings...)
		}
	}
	for _, f := range order {
		n := count[f]
		if n < len(points) {
			f.Message += fmt.Sprintf(", at the point %s of the sweep", at[f])
		}
		problems = append(problems, f)
	}
	return problems, first
}

// sweep checks the sweep itself: paths, types of values, numbers of values.
func (c *checker) sweep(s Sweep) {
	copied, err := Experiment{Spec: ExperimentSpec{Sweep: &Sweep{Declared: s.Declared}}}.At(nil)
	if err != nil {
		c.bad("spec.sweep", err.Error(), "")
		return
	}
	scratch := Declared{copied.Spec.Services, copied.Spec.Benchmarks} // find makes what is missing on its way
	if len(s.Matrix) == 0 && len(s.Zip) == 0 {
		c.lacks("spec.sweep", "spec.sweep", "needs matrix or zip", "")
	}
	lists := map[string]map[string][]any{"spec.sweep.matrix": s.Matrix, "spec.sweep.zip": s.Zip}
	for at, list := range lists {
		for _, path := range slices.Sorted(maps.Keys(list)) {
			c.values(at+"["+path+"]", &scratch, path, list[path])
			if _, twice := s.Matrix[path]; twice && at == "spec.sweep.zip" {
				c.bad(at+"["+path+"]", "is in matrix as well", "remove one")
			}
		}
	}
	c.zip(s.Zip)
	c.bindings(s, &scratch)
	for i, e := range s.Exclude {
		for _, path := range slices.Sorted(maps.Keys(e)) {
			if !s.sweeps(path) {
				c.bad(fmt.Sprintf("spec.sweep.exclude[%d][%s]", i, path), "is not swept", meant(path, s.paths()))
			}
		}
	}
}

// values decodes every value of a path as the field would be.
func (c *checker) values(at string, scratch *Declared, path string, values []any) {
	spot, err := scratch.find(path)
	switch {
	case err != nil:
		c.bad(at, err.Error(), "")
		return
	case len(values) == 0:
		c.bad(at, "has no values", "")
		return
	}
	for i := range values {
		here := fmt.Sprintf("%s[%d]", at, i)
		if p, ok := c.doc.places[here]; ok {
			probe := &document{file: c.doc.file, places: map[string]place{here: p}, wrongAt: map[string]bool{}, wrongIn: map[string]bool{}}
			probe.value(p.value, reflect.New(spot.typ()).Elem(), here)
			c.problems = append(c.problems, probe.problems...)
		}
	}
}

func (c *checker) zip(zip map[string][]any) {
	paths := slices.Sorted(maps.Keys(zip))
	for _, path := range paths {
		if n, want := len(zip[path]), len(zip[paths[0]]); n != want {
			c.bad("spec.sweep.zip["+path+"]", fmt.Sprintf("has %d values, but %s has %d: they go together", n, paths[0], want), "")
		}
	}
}

func (c *checker) bindings(s Sweep, scratch *Declared) {
	for _, path := range slices.Sorted(maps.Keys(s.Bind)) {
		at, from := "spec.sweep.bind["+path+"]", s.Bind[path]
		_, err := scratch.find(path)
		if err == nil {
			_, err = scratch.find(from)
		}
		_, chained := s.Bind[from]
		switch {
		case err != nil:
			c.bad(at, err.Error(), "")
		case s.sweeps(path):
			c.bad(at, "is swept itself", "remove one")
		case chained:
			c.bad(at, from+" is bound itself", "bind "+path+" to "+s.Bind[from])
		}
	}
}

// paths are those that are swept.
func (s Sweep) paths() []string {
	return append(slices.Sorted(maps.Keys(s.Matrix)), slices.Sorted(maps.Keys(s.Zip))...)
}

func (s Sweep) sweeps(path string) bool {
	return slices.ContainsFunc(s.paths(), func(p string) bool { return p == path || strings.HasPrefix(path, p+".") })
}
