package view

import (
	"encoding/json"
	"slices"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/plan"
)

// Object is one item of a List: what users and their programs read back.
type Object struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Metadata   Metadata `json:"metadata"`
	Spec       any      `json:"spec,omitempty"`
	Status     any      `json:"status,omitempty"`
}

// Metadata says which object it is.
type Metadata struct {
	Name       string            `json:"name"`
	Experiment string            `json:"experiment,omitempty"`
	Labels     map[string]string `json:"labels,omitempty"`
	Revision   string            `json:"revision,omitempty"`
	Generation int64             `json:"generation,omitempty"`
	Created    *time.Time        `json:"creationTimestamp,omitempty"` // of an experiment: when it was applied first, since it was last deleted
}

// List is what `-o json` and `-o yaml` print.
type List struct {
	APIVersion string   `json:"apiVersion"`
	Items      []Object `json:"items"`
	Kind       string   `json:"kind"`
}

// RevisionStatus is what is known of a revision in addition to its spec.
type RevisionStatus struct {
	Origin   drivers.Origin `json:"origin"`
	Owner    string         `json:"owner"`
	Deleting bool           `json:"deleting,omitempty"`
}

// New makes an object of this version of the API.
func New(kind string, m Metadata, spec, status any) Object {
	return Object{APIVersion: v1alpha1.APIVersion, Kind: kind, Metadata: m, Spec: spec, Status: status}
}

// NewList makes a List. Without items it holds an empty one, not null.
func NewList(items []Object) List {
	if items == nil {
		items = []Object{}
	}
	return List{APIVersion: v1alpha1.APIVersion, Kind: "List", Items: items}
}

// FullName is EXPERIMENT/NAME, or the name alone of what belongs to no experiment.
func (o Object) FullName() string {
	if o.Metadata.Experiment == "" || o.Kind == "Experiment" {
		return o.Metadata.Name
	}
	return o.Metadata.Experiment + "/" + o.Metadata.Name
}

// Fingerprint differs between two lists that differ.
func Fingerprint(items []Object) string {
	items = slices.Clone(items)
	for i := range items {
		if e, ok := items[i].Status.(v1alpha1.ExperimentStatus); ok { // when it was observed is no difference
			e.Observed, e.Answered = time.Time{}, 0
			items[i].Status = e
		}
	}
	b, _ := json.Marshal(items) // these types always encode
	return string(b)
}

// Plan is what `plan -o json` prints.
type Plan struct {
	APIVersion string      `json:"apiVersion"`
	Kind       string      `json:"kind"`
	Summary    string      `json:"summary"`
	Steps      []plan.Step `json:"steps"` // empty: nothing would change
}

// NewPlan makes a Plan of steps.
func NewPlan(steps []plan.Step) Plan {
	if steps == nil {
		steps = []plan.Step{}
	}
	return Plan{APIVersion: v1alpha1.APIVersion, Kind: "Plan", Summary: plan.Summary(steps), Steps: steps}
}
