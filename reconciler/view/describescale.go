package view

import (
	"fmt"
	"strings"

	"assay/api/v1alpha1"
	"assay/reconciler/view/text"
)

// scale says how many replicas a metric asks for, and why there are as many as there are.
func (d describer) scale(v v1alpha1.ServiceStatus) {
	s := v.Scale
	if s == nil {
		return
	}
	d.field("Scaled", "%d to %d replicas, so that %s is %.4g", s.Min, s.Max, s.Metric, s.Target)
	value := "not known yet"
	if s.Value != nil && s.Answered != nil {
		value = fmt.Sprintf("%.4g, %s ago: it asks for %d", *s.Value, text.Age(*s.Answered), s.Asked)
	}
	d.field("  Metric", "%s", value)
	changed := "never"
	if s.Changed != nil {
		changed = text.Age(*s.Changed) + " ago"
	}
	d.field("  Changed", "%s", changed)
	d.field("  Now", "%s: %s", s.Reason, s.Message)
	if len(s.Leaving) > 0 {
		d.field("  Leaving", "job %s, which finishes what it was asked", strings.Join(s.Leaving, ", "))
	}
}
