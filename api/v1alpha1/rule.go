package v1alpha1

// Rule is a check of a layer above, on an experiment whose defaults are filled in and the site that it is for. Load applies it
// at every point of a sweep, and reports what it finds with everything else. Package admit has the one that holds an
// experiment against the limits of a scheduler.
type Rule func(site Site, e Experiment) []Finding

// Finding is what a Rule says about a field of an experiment.
type Finding struct {
	Path    string // spec.services[0].nodes
	Message string // a statement about the field
	Hint    string // what to write instead; can be empty
	Warning bool   // it is allowed
}

// apply adds what rules find to the problems and the warnings of the document.
func (c *checker) apply(rules []Rule, site Site) {
	for _, rule := range rules {
		for _, f := range rule(site, *c.doc.experiment) {
			if !f.Warning {
				c.bad(f.Path, f.Message, f.Hint)
				continue
			}
			line, col := c.doc.find(f.Path)
			c.doc.warnings = append(c.doc.warnings, Problem{c.doc.file, line, col, f.Path, f.Message, f.Hint})
		}
	}
}
