package view

import (
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/labels"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
	"assay/reconciler/store"
)

// Filter says which objects of a kind are meant. Empty fields leave all in.
type Filter struct {
	Experiment string
	Name       string          // NAME or EXPERIMENT/NAME
	Runs       bool            // experiments come with the runs that have ended last
	Labels     labels.Selector // of the experiment; nil: any

	// Of runs only.
	Benchmark string
	Phase     string    // v1alpha1.Run*, in any case
	Valid     string    // v1alpha1.True, False or Unknown
	Since     time.Time // they began then or later
	Limit     int       // of those that began last so many; 0: all
	Skip      int       // with Limit: without so many that began last, which are on the pages before
}

func (f Filter) allows(o Object) bool {
	m := o.Metadata
	return (f.Experiment == "" || m.Experiment == f.Experiment || holds(o, f.Experiment)) &&
		(f.Name == "" || f.Name == m.Name || f.Name == m.Experiment+"/"+m.Name)
}

// Objects lists the objects of one kind that the filter allows, ordered as the status files order them.
func (s Snapshot) Objects(kind string, f Filter) ([]Object, error) {
	var all []Object
	var err error
	switch kind {
	case "nodes":
		all, err = s.nodes()
	case "listeners":
		all, err = s.listeners()
	case "revisions":
		all, err = s.revisions()
	case "events":
		all, err = s.events()
	case "runs":
		_, err = s.EachRun(f, func(o Object) error { all = append(all, o); return nil })
		return all, err
	default:
		for _, e := range s.Statuses {
			if kind == "experiments" && f.Runs {
				if e, err = withRecent(s.store, e); err != nil {
					return nil, err
				}
			}
			all = append(all, s.ofExperiment(kind, e)...)
		}
	}
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(o Object) bool { return !f.allows(o) || !s.labelled(o.Metadata.Experiment, f) }), nil
}

// labelled reports whether an experiment has the labels that are asked for. One that is not declared any more has none.
func (s Snapshot) labelled(experiment string, f Filter) bool {
	return f.Labels == nil || f.Labels.Matches(labels.Set(s.Heads[experiment].Spec.Metadata.Labels))
}

// ofExperiment lists an experiment itself, its services or jobs.
func (s Snapshot) ofExperiment(kind string, e v1alpha1.ExperimentStatus) (out []Object) {
	head := s.Heads[e.Name]
	meta := func(name string) Metadata {
		return Metadata{Name: name, Experiment: e.Name, Revision: e.Revision, Generation: e.Generation}
	}
	switch kind {
	case "experiments":
		m := meta(e.Name)
		m.Labels = head.Spec.Metadata.Labels
		out = append(out, New("Experiment", m, head.Spec.Spec, e))
	case "services":
		for _, v := range e.Services {
			out = append(out, New("Service", meta(v.Name), serviceSpec(head, v.Name), v))
		}
	case "benchmarks":
		for _, b := range e.Benchmarks {
			out = append(out, New("Benchmark", meta(b.Name), benchmarkSpec(head, b.Name), b))
		}
	case "jobs":
		for _, v := range e.Services {
			for _, seat := range v.Seats {
				if seat.JobID != "" {
					out = append(out, New("Job", meta(seat.JobID), nil, seat))
				}
			}
		}
	}
	return out
}

func serviceSpec(head store.Revision, name string) any {
	for _, s := range head.Spec.Spec.Services {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// runSpec is the benchmark as the run saw it: from its own request, not from today's manifest.
func runSpec(r v1alpha1.RunStatus) any {
	var req drivers.SuiteRequest
	if err := durable.ReadRecord(filepath.Join(r.Dir, drivers.RequestFile), &req); err != nil {
		return nil
	}
	return req
}

func (s Snapshot) revisions() ([]Object, error) {
	var out []Object
	for _, name := range slices.Sorted(maps.Keys(s.Heads)) {
		history, err := s.store.History(name)
		if _, err = store.Tolerate(err); err != nil {
			return nil, err
		}
		for _, r := range history {
			m := Metadata{Name: strconv.FormatInt(r.Generation, 10), Experiment: name, Revision: r.Hash, Generation: r.Generation, Labels: r.Spec.Metadata.Labels}
			out = append(out, New("Revision", m, r.Spec.Spec, RevisionStatus{r.Origin, r.Owner, r.Deleting}))
		}
	}
	return out, nil
}

func (s Snapshot) events() ([]Object, error) {
	events, err := s.store.Events("")
	if err != nil {
		return nil, err
	}
	var out []Object
	for i, e := range events {
		out = append(out, New("Event", Metadata{Name: strconv.Itoa(i + 1), Experiment: e.Experiment, Generation: e.Generation}, nil, e))
	}
	return out, nil
}
