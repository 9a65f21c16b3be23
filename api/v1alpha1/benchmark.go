package v1alpha1

import (
	"fmt"
	"slices"
)

// benchmarks checks benchmarks, with their defaults filled in, against the services that they measure.
func (c *checker) benchmarks(site Site, e Experiment) {
	names, complete := c.serviceNames(e.Spec.Services)
	c.together(e.Spec.Benchmarks)
	seen := map[string]bool{}
	for i, b := range e.Spec.Benchmarks {
		if c.full() {
			return
		}
		path := fmt.Sprintf("spec.benchmarks[%d]", i)
		if b.Name != "" && seen[b.Name] {
			c.bad(path+".name", "a second benchmark "+brief(b.Name), "rename or remove one")
		}
		seen[b.Name] = true
		switch suites := b.suites(); {
		case len(suites) == 0:
			c.lacks(path, path, "needs exactly one of serving, vector, storage", "")
		case len(suites) > 1:
			c.bad(path+"."+suites[1], "a second suite: a benchmark is exactly one of serving, vector, storage", "declare another benchmark")
		}
		if b.Vector != nil {
			c.vector(path+".vector", *b.Vector, b.Timeout)
		}
		for k, g := range b.Gates {
			c.gate(fmt.Sprintf("%s.gates[%d]", path, k), g)
			c.samples(fmt.Sprintf("%s.gates[%d]", path, k), b, g)
		}
		if b.Search != nil {
			c.search(path, b)
		}
		if b.Storage != nil {
			c.storage(path+".storage", *b.Storage)
		}
		c.compared(path, b)
		c.repeats(path, b, e.Spec.Services)
		for k, name := range b.Targets() {
			at := path + ".target"
			if b.Compare != nil {
				at = path + ".compare." + []string{"a", "b"}[k]
			}
			if target, ok := named(e.Spec.Services, name); ok && name != "" {
				c.target(path, at, site, b, target)
				c.secretHeaders(path, b, target)
				c.runOn(path+".run", site, b, target)
			} else if complete && name != "" {
				c.bad(at, "there is no service "+brief(name), meant(name, names))
			}
		}
	}
}

// together checks that at least two benchmarks share a word of together, with as many repeats.
func (c *checker) together(all []Benchmark) {
	first := map[string]Benchmark{}
	count := map[string]int{}
	for _, b := range all {
		if count[b.Together]++; count[b.Together] == 1 {
			first[b.Together] = b
		}
	}
	for i, b := range all {
		path := fmt.Sprintf("spec.benchmarks[%d].together", i)
		switch {
		case b.Together == "":
		case count[b.Together] == 1:
			c.bad(path, "no other benchmark has together: "+b.Together, "give another one the same word")
		case *b.Repeats != *first[b.Together].Repeats:
			c.bad(path, fmt.Sprintf("it has repeats: %s and %s has repeats: %s: the last ones would run alone", *b.Repeats, first[b.Together].Name, *first[b.Together].Repeats), "give both the same repeats")
		case b.Repeats.Stop != "":
			c.bad(path, "benchmarks that are measured together cannot end early", "remove repeats.stop")
		}
	}
}

// suites are the suites that are declared, in the order of the fields.
func (b Benchmark) suites() (out []string) {
	for _, s := range []struct {
		name string
		is   bool
	}{{"serving", b.Serving != nil}, {"vector", b.Vector != nil}, {"storage", b.Storage != nil}} {
		if s.is {
			out = append(out, s.name)
		}
	}
	return out
}

// target checks that the suite fits the service, and that a run can end before the service does.
func (c *checker) target(path, at string, site Site, b Benchmark, s Service) {
	typ := s.Type()
	if s.External != nil {
		typ = s.External.Type
	}
	fits := func(suite, want string) {
		if typ != "" && typ != want && (suite == "storage" || slices.Contains([]string{"vllm", "sglang", "llamacpp", "chroma", "process", "lustre"}, typ)) {
			c.bad(at, fmt.Sprintf("%s measures a %s service; %s is %s", suite, want, s.Name, typ), "")
		}
	}
	if b.Serving != nil && !s.Serves() {
		fits("serving", "vllm")
	}
	if b.Vector != nil {
		fits("vector", "chroma")
	}
	if b.Storage != nil {
		fits("storage", "lustre")
	}
	switch usable := Usable(site.Spec.Scheduler, s.Resources.Time); {
	case s.Resources.Time == 0:
	case b.Timeout > s.Resources.Time:
		c.bad(path+".timeout", fmt.Sprintf("%s is longer than the %s that %s runs (resources.time)", b.Timeout, s.Resources.Time, s.Name), "")
	case b.Timeout >= usable:
		c.bad(path+".timeout", fmt.Sprintf("a run of %s does not fit: of the %s that %s runs (resources.time) it can use less than %s", b.Timeout, s.Resources.Time, s.Name, usable),
			"shorten the timeout, or raise resources.time")
	}
}
