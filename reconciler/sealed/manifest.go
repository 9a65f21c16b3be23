package sealed

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"assay/api/v1alpha1"
)

// Experiment is the experiment of the bundle for a site, under another name. Services are released once every run is complete. What
// the defaults of the bundle's site filled in is left to those of this site. Gates that compare with a baseline are left out:
// the baseline is elsewhere.
func (b *Bundle) Experiment(name string, site v1alpha1.Site) (v1alpha1.Experiment, []string, error) {
	if len(b.About.Hidden) > 0 {
		return v1alpha1.Experiment{}, nil, fmt.Errorf("its manifest lacks values that look secret (%s), so it cannot be applied as it is; take it out (tar xOf BUNDLE %s > my.yaml), "+
			"write them as secrets: {NAME: {env: NAME}}, type assay apply -f my.yaml, and compare with the results of the bundle", strings.Join(b.About.Hidden, ", "), folder+manifestFile)
	}
	m, err := v1alpha1.Decode([]v1alpha1.File{{Name: manifestFile, Data: b.Manifest}})
	if err == nil && (len(m.Experiments) != 1 || len(m.Sites) != 0) {
		err = errors.New("it is not one Experiment")
	}
	if err != nil {
		return v1alpha1.Experiment{}, nil, fmt.Errorf("reading %s: %w", manifestFile, err)
	}
	e := m.Experiments[0].Experiment
	var notes []string
	if site.Metadata.Name != b.Site.Metadata.Name || site.Spec.Scheduler != b.Site.Spec.Scheduler {
		e = undefaulted(e, b.Site)
		notes = append(notes, fmt.Sprintf("It was measured at site %s; what that site's defaults filled in is left to site %s.", b.Site.Metadata.Name, site.Metadata.Name))
	}
	e.Metadata.Name, e.Spec.Site, e.Spec.WhenDone, e.Spec.Suspend = name, site.Metadata.Name, "Stop", false
	for i := range e.Spec.Benchmarks {
		bench := &e.Spec.Benchmarks[i]
		all := len(bench.Gates)
		bench.Gates = slices.DeleteFunc(bench.Gates, func(g v1alpha1.Gate) bool { return g.Baseline != "" })
		if all > len(bench.Gates) {
			notes = append(notes, fmt.Sprintf("Gates of %s that compare with other results are left out.", bench.Name))
		}
	}
	return e, notes, nil
}

// undefaulted is an experiment without what the defaults of a site would fill in again.
func undefaulted(e v1alpha1.Experiment, site v1alpha1.Site) v1alpha1.Experiment {
	want := v1alpha1.Hash(v1alpha1.Default(site, e))
	try := func(clear func()) {
		services, benchmarks := slices.Clone(e.Spec.Services), slices.Clone(e.Spec.Benchmarks)
		if clear(); v1alpha1.Hash(v1alpha1.Default(site, e)) != want {
			e.Spec.Services, e.Spec.Benchmarks = services, benchmarks
		}
	}
	for i := range e.Spec.Benchmarks {
		try(func() { e.Spec.Benchmarks[i].Run = nil })
		try(func() { e.Spec.Benchmarks[i].Timeout = 0 })
	}
	for i := range e.Spec.Services {
		try(func() { e.Spec.Services[i].Resources.Partition = "" })
		try(func() { e.Spec.Services[i].Resources.QOS = "" })
		try(func() { e.Spec.Services[i].Resources.GPUsPerNode = nil })
		try(func() { e.Spec.Services[i].Resources.Time = 0 })
		try(func() { e.Spec.Services[i].Restart.Backoff = 0 })
		try(func() { e.Spec.Services[i].Image = "" })
	}
	return e
}
