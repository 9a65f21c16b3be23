package view

import (
	"fmt"

	"assay/api/v1alpha1"
	"assay/reconciler/view/text"
)

// RenewalLine says when a walltime is renewed, and from what that follows.
func RenewalLine(r v1alpha1.RenewalStatus) string {
	if r.Policy == v1alpha1.Never {
		return r.Policy
	}
	line := fmt.Sprintf("%s, %s before the end (of the last %d jobs the longest: queue %s, start %s)",
		r.Policy, text.Duration(r.Before.Std()), r.Jobs, text.Duration(r.Queued.Std()), text.Duration(r.Start.Std()))
	if r.Done > 0 || r.Times > 0 {
		line += fmt.Sprintf("; %d renewed", r.Done)
	}
	switch {
	case r.Times > 0 && r.Done >= r.Times:
		line += fmt.Sprintf(" of %d, so nothing follows", r.Times)
	case r.Times > 0:
		line += fmt.Sprintf(" of %d", r.Times)
	}
	if r.Extended > 0 {
		line += fmt.Sprintf(", %d of them in place", r.Extended)
	}
	if r.Refused != "" {
		line += "; the scheduler refused a longer walltime: " + r.Refused
	}
	return line
}
