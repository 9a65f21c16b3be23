package view

import (
	"assay/api/v1alpha1"
	"assay/reconciler/view/text"
)

// SiteStatus is what is known of a site in addition to its spec.
type SiteStatus struct {
	Default bool `json:"default"` // verbs run there unless the user says otherwise
}

// NewSite is a site as an object. Its paths must be complete.
func NewSite(s v1alpha1.Site, chosen bool) Object {
	return New(v1alpha1.KindSite, Metadata{Name: s.Metadata.Name, Labels: s.Metadata.Labels}, s.Spec, SiteStatus{chosen})
}

func siteRow(o Object) []string {
	name, spec := o.Metadata.Name, o.Spec.(v1alpha1.SiteSpec)
	if o.Status.(SiteStatus).Default {
		name += "*"
	}
	return []string{name, spec.Scheduler, text.Dash(spec.Account), spec.Paths.State}
}
