package accept

import (
	"fmt"
	"slices"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/store"
)

// Change stores the newest revision of an experiment with one thing changed as its newest. The owner stays the same: a followed
// repository brings its own content again with its next commit.
func Change(st *store.Store, experiment string, origin drivers.Origin, change func(*store.Revision) error) (Accepted, error) {
	head, ok, err := st.Readable(experiment)
	if err != nil {
		return Accepted{}, err
	}
	if !ok || head.Deleting {
		return Accepted{}, fmt.Errorf("no experiment %q; what there is: assay get experiments", experiment)
	}
	head.Spec.Spec.Services = slices.Clone(head.Spec.Spec.Services) // the store remembers what it read
	if err := change(&head); err != nil {
		return Accepted{}, err
	}
	head.Origin, head.Prune = origin, false
	return put(st, head)
}

// Suspend says whether an experiment holds what it declares.
func Suspend(suspend bool) func(*store.Revision) error {
	return func(r *store.Revision) error {
		r.Spec.Spec.Suspend = suspend
		return nil
	}
}

// Scale gives a service a fixed number of replicas, as far as the site allows it. One that a metric scales is refused.
func Scale(service string, replicas int, rules ...v1alpha1.Rule) func(*store.Revision) error {
	return func(r *store.Revision) error {
		i := slices.IndexFunc(r.Spec.Spec.Services, func(s v1alpha1.Service) bool { return s.Name == service })
		if i < 0 {
			return fmt.Errorf("experiment %s has no service %q; what there is: assay get services -e %s", r.Experiment, service, r.Experiment)
		}
		s := &r.Spec.Spec.Services[i]
		if s.Replicas != nil && s.Replicas.Metric != "" {
			return fmt.Errorf("scaling service/%s: a metric gives it %d to %d replicas; change replicas.min and replicas.max in its manifest, and apply that", service, s.Replicas.Min, s.Replicas.Max)
		}
		s.Replicas = &v1alpha1.Replicas{Number: replicas}
		return v1alpha1.ValidateExperiment(r.Site, v1alpha1.ExperimentDoc{Experiment: r.Spec, File: "experiment " + r.Experiment}, rules...)
	}
}
