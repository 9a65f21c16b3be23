package v1alpha1

import (
	"fmt"
	"maps"
	"slices"
)

// Load decodes, fills in defaults and validates, and reports all problems of all files together as a *multierror.Error
// of Problem. sites are the ones known already; a site in the files replaces one of its name. An experiment without a
// site gets defaultSite; when that is empty, the only known site besides "local", or else "local". Rules are those of the
// layers above.
func Load(files []File, sites map[string]Site, defaultSite string, rules ...Rule) (Manifest, error) {
	docs, problems := decodeAll(files)
	return resolveAll(docs, problems, sites, defaultSite, rules)
}

// LoadTyped is Load for files that their user named. Relative paths in them count from the folder of their file, which folders
// has by the file's name, absolute.
func LoadTyped(files []File, folders map[string]string, sites map[string]Site, defaultSite string, rules ...Rule) (Manifest, error) {
	docs, problems := decodeAll(files)
	for _, d := range docs {
		if folder := folders[d.file]; d.experiment != nil && folder != "" {
			d.experiment.from(folder)
		}
	}
	return resolveAll(docs, problems, sites, defaultSite, rules)
}

// LoadFollowed is Load for files that others wrote, as those of a followed repository: an experiment in them may do what its
// site trusts git with. A site in them is not taken, right or wrong, and the known site of its name holds: everyone who can
// commit there would decide how jobs are submitted. The manifest names it in Refused.
func LoadFollowed(files []File, sites map[string]Site, defaultSite string, rules ...Rule) (Manifest, error) {
	return loadOfOthers(followed, files, sites, defaultSite, rules)
}

// LoadProposed is LoadFollowed for the files of a pull request: an experiment in them may do what its site trusts pull requests
// with, whatever those may do that can commit.
func LoadProposed(files []File, sites map[string]Site, defaultSite string, rules ...Rule) (Manifest, error) {
	return loadOfOthers(proposed, files, sites, defaultSite, rules)
}

func loadOfOthers(came arrival, files []File, sites map[string]Site, defaultSite string, rules []Rule) (Manifest, error) {
	var refused []Problem
	docs, problems := decodeFiles(files)
	docs = slices.DeleteFunc(docs, func(d *document) bool {
		if d.arrival = came; d.site != nil {
			refused = append(refused, Problem{File: d.file, Line: d.line, Col: 1, Message: "the Site " + brief(d.site.Metadata.Name) + " arrived through git and is not taken",
				Hint: "if you want it, apply its file yourself: assay apply -f FILE"})
		}
		return d.site != nil
	})
	if len(docs) > 0 || len(refused) == 0 {
		problems = append(problems, problemsOf(files, docs, problems)...)
	}
	m, err := resolveAll(docs, problems, sites, defaultSite, rules)
	m.Refused = refused
	return m, err
}

// resolveAll is the rest of Load, once the files are decoded.
func resolveAll(docs []*document, problems []Problem, sites map[string]Site, defaultSite string, rules []Rule) (Manifest, error) {
	known := maps.Clone(sites)
	if known == nil {
		known = map[string]Site{}
	}
	if _, ok := known[Local]; !ok {
		known[Local] = LocalSite()
	}
	complete := true // every site that the files declare is readable
	for _, p := range problems {
		complete = complete && p.Path != ""
	}
	for _, d := range docs {
		if d.experiment != nil {
			continue
		}
		complete = complete && len(d.problems) == 0
		if d.site != nil {
			*d.site = DefaultSite(*d.site)
			known[d.site.Metadata.Name] = *d.site
			problems = append(problems, d.checkSite()...)
		}
	}
	problems = append(problems, duplicates(docs)...)
	if defaultSite == "" {
		defaultSite = onlySite(known)
	}
	for _, d := range docs {
		if d.experiment != nil && len(problems) <= maxTroubles {
			problems = append(problems, d.resolve(known, defaultSite, complete, rules)...)
		}
	}
	return manifestOf(docs), combine(problems)
}

// onlySite is the site for experiments that name none: the only one besides local, or else local.
func onlySite(known map[string]Site) string {
	names := slices.Sorted(maps.Keys(known))
	names = slices.DeleteFunc(names, func(n string) bool { return n == Local || n == "" })
	if len(names) == 1 {
		return names[0]
	}
	return Local
}

// resolve finds the experiment's site, fills in the defaults and validates. When a site could not be read, the
// checks that need its facts are left out, because they would only repeat that problem.
func (d *document) resolve(known map[string]Site, defaultSite string, complete bool, rules []Rule) []Problem {
	if d.experiment.Spec.Site == "" {
		d.experiment.Spec.Site = defaultSite
	}
	name := d.experiment.Spec.Site
	site, ok := known[name]
	c := &checker{doc: d}
	if !ok && complete {
		c.bad("spec.site", fmt.Sprintf("site %s is not known", brief(name)),
			join(near(name, slices.Collect(maps.Keys(known))), "apply its file first, or give it along: -f SITE.yaml"))
	}
	if !ok || !complete {
		site = Site{Metadata: Metadata{Name: name}, Spec: SiteSpec{Scheduler: site.Spec.Scheduler,
			Container: SiteContainer{Runtime: "not known"}}}
	}
	return append(c.problems, d.checkExperiment(site, rules)...)
}

// ValidateExperiment checks an experiment against its site, after filling in its defaults. The error is a
// *multierror.Error of Problem, with places when doc was decoded from a file.
func ValidateExperiment(site Site, doc ExperimentDoc, rules ...Rule) error {
	d := doc.doc
	if d == nil {
		d = &document{file: doc.File}
	}
	work := *d
	work.experiment = &doc.Experiment
	return combine(work.checkExperiment(site, rules))
}

// checkExperiment validates what was written, and what it becomes at the site; the document keeps the latter.
func (d *document) checkExperiment(site Site, rules []Rule) []Problem {
	if d.experiment.Spec.Sweep != nil {
		return d.checkSweep(site, rules)
	}
	c := &checker{doc: d}
	c.tags(*d.experiment)
	c.budget(d.experiment.Spec.Budget)
	c.schedule(d.experiment.Spec)
	c.written(*d.experiment)
	if d.arrival != typed {
		c.trust(site, *d.experiment)
	}
	*d.experiment = Default(site, *d.experiment)
	c.services(site, d.experiment.Spec.Services)
	c.benchmarks(site, *d.experiment)
	c.amounts(*d.experiment, 1)
	c.apply(rules, site)
	return c.problems
}

// duplicates finds objects of the same kind and name; without it the last one would win silently.
func duplicates(docs []*document) (problems []Problem) {
	first := map[string]*document{}
	for _, d := range docs {
		var object, name string
		switch {
		case d.site != nil:
			object, name = "site", d.site.Metadata.Name
		case d.experiment != nil:
			object, name = "experiment", d.experiment.Metadata.Name
		}
		if name == "" {
			continue
		}
		if f, ok := first[object+name]; ok {
			c := &checker{doc: d}
			c.bad("metadata.name", fmt.Sprintf("%s %s is declared twice, first in %s:%d", object, name, f.file, f.line), "rename or remove one")
			problems = append(problems, c.problems...)
			continue
		}
		first[object+name] = d
	}
	return problems
}

// checker collects the problems of one decoded document.
type checker struct {
	doc      *document
	problems []Problem
}

// bad records a wrong value at path, unless decoding has already found a problem there or above.
func (c *checker) bad(path, message, hint string) {
	if c.full() {
		return
	}
	for p := path; p != ""; p = parent(p) {
		if c.doc.wrongAt[p] {
			return
		}
	}
	line, col := c.doc.find(path)
	c.problems = append(c.problems, Problem{c.doc.file, line, col, path, message, hint})
}

// lacks records that something is missing in the mapping at owner, unless that has an unknown field: it is probably the
// missing one, misspelt.
func (c *checker) lacks(owner, path, message, hint string) {
	if !c.doc.wrongIn[owner] {
		c.bad(path, message, hint)
	}
}

// find is where path was written: its value, or the key of the nearest mapping that should hold it.
func (d *document) find(path string) (line, col int) {
	if p, ok := d.places[path]; ok {
		return p.value.Line, p.value.Column
	}
	for path != "" {
		path = parent(path)
		if p, ok := d.places[path]; ok {
			return p.key.Line, p.key.Column
		}
	}
	return 0, 0
}

func join(hints ...string) string {
	out := ""
	for _, h := range hints {
		if out != "" && h != "" {
			out += " "
		}
		out += h
	}
	return out
}
