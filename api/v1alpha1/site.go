package v1alpha1

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Values that reach a batch script or an option of Slurm have only characters without a meaning to a shell.
var (
	slurmName    = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.+@-]{0,127}$`)
	slurmVersion = regexp.MustCompile(`^[0-9]{2}\.[0-9]{2}([.-][A-Za-z0-9.-]*)?$`) // so that texts compare as releases do
	moduleName   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.+/-]*$`)
	directive    = regexp.MustCompile(`^(-[A-Za-z]|--[a-z][a-z0-9-]*)`)
)

// ownDirectives are options of sbatch that assay needs to recognize its jobs, or that a field of a manifest sets.
var ownDirectives = []string{
	"--comment", "--job-name", "-J", "--array", "-a", "--wrap", "--dependency", "-d", "--output", "-o", "--error", "-e", "--requeue",
	"--account", "-A", "--partition", "-p", "--qos", "-q", "--nodes", "-N", "--time", "-t",
}

// checkSite validates a site whose defaults are filled in.
func (d *document) checkSite() []Problem {
	c := &checker{doc: d}
	s := d.site.Spec
	c.tags(*d.site)
	if d.site.Metadata.Name == Local && s.Scheduler != Local && s.Scheduler != "" {
		c.bad("metadata.name", `"local" is the name of the built-in site, whose scheduler is local`, "choose another name")
	}
	if s.Scheduler == Local {
		c.noSlurm(s)
	} else {
		c.slurmWords(s)
		c.siteReferences(s)
		c.siteFacts(s)
	}
	for path, dir := range map[string]string{"spec.paths.state": s.Paths.State, "spec.paths.work": s.Paths.Work, "spec.paths.local": s.Paths.Local} {
		if dir != "" && !strings.HasPrefix(dir, "/") {
			c.bad(path, "must be an absolute path, found "+brief(dir), "")
		}
	}
	c.siteContainer(s.Container)
	c.sitePyxis(s)
	if s.Poll.Every > s.Poll.AtMost {
		c.bad("spec.poll.atMost", fmt.Sprintf("%s is shorter than every, which is %s", s.Poll.AtMost, s.Poll.Every), "")
	}
	if s.Poll.Every < second/10 {
		c.bad("spec.poll.every", fmt.Sprintf("%s is too often for a scheduler; 100ms is the least", s.Poll.Every), "")
	}
	return c.problems
}

// noSlurm refuses fields that have no effect with the local scheduler.
func (c *checker) noSlurm(s SiteSpec) {
	given := map[string]bool{
		"account":            s.Account != "",
		"defaults.partition": s.Defaults.Partition != "",
		"defaults.qos":       s.Defaults.QOS != "",
		"partitions":         len(s.Partitions) > 0,
		"qos":                len(s.QOS) > 0,
		"enforcePartLimits":  s.EnforcePartLimits != "",
		"slurmVersion":       s.SlurmVersion != "",
		"accounts":           len(s.Accounts) > 0,
		"reservations":       len(s.Reservations) > 0,
		"licenses":           len(s.Licenses) > 0,
		"modules":            len(s.Modules) > 0,
		"sbatch":             len(s.Sbatch) > 0,
	}
	for name, is := range given {
		if is {
			c.bad("spec."+name, "has no meaning with scheduler: local", "remove it, or write scheduler: slurm")
		}
	}
}

// slurmWords checks the form of everything that is passed to sbatch.
func (c *checker) slurmWords(s SiteSpec) {
	name := c.slurmName
	name("spec.account", s.Account)
	for p := range s.Partitions {
		name("spec.partitions["+p+"]", p)
	}
	for q := range s.QOS {
		name("spec.qos["+q+"]", q)
		for p, r := range s.QOS[q].Reservation {
			name("spec.qos["+q+"].reservation["+p+"]", r)
		}
	}
	for i, m := range s.Modules {
		if !moduleName.MatchString(m) {
			c.bad(fmt.Sprintf("spec.modules[%d]", i), "must be a module such as env/release/2024.1, found "+brief(m), "")
		}
	}
	for i, o := range s.Sbatch {
		path := fmt.Sprintf("spec.sbatch[%d]", i)
		option := directive.FindString(o)
		own := func(full string) bool { return strings.HasPrefix(full, option) } // sbatch accepts abbreviations
		switch {
		case option == "" || strings.ContainsAny(o, "\n\t"):
			c.bad(path, "must be one option such as --hint=nomultithread, found "+brief(o), "")
		case slices.ContainsFunc(ownDirectives, own):
			c.bad(path, option+" is set by assay itself", "remove it")
		}
	}
}

func (c *checker) siteReferences(s SiteSpec) {
	c.reference("spec.defaults.partition", "partition", s.Defaults.Partition, s.Partitions != nil, keys(s.Partitions))
	c.reference("spec.defaults.qos", "qos", s.Defaults.QOS, s.QOS != nil, keys(s.QOS))
	for q, of := range s.QOS {
		for p := range of.Reservation {
			c.reference("spec.qos["+q+"].reservation["+p+"]", "partition", p, s.Partitions != nil, keys(s.Partitions))
		}
	}
}

// reference checks that word, when given, is one of the names that the site states, if it states any.
func (c *checker) reference(path, what, word string, stated bool, names []string) {
	switch {
	case word == "" || slices.Contains(names, word):
	case stated:
		c.bad(path, fmt.Sprintf("the site has no %s %s", what, brief(word)), meant(word, names))
	case !slurmName.MatchString(word):
		c.bad(path, "must be a name of letters, digits and _ . + @ -, found "+brief(word), "")
	}
}

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
