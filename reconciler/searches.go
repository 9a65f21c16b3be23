package reconciler

import (
	"assay/api/v1alpha1"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// Searches are what the searches of a revision have come to with the runs of its experiment.
func Searches(rev store.Revision, runs []plan.Run, c Compiler) ([]v1alpha1.SearchStatus, error) {
	e, err := compile(rev, c)
	if err != nil {
		return nil, err
	}
	past := &plan.Past{}
	for _, r := range runs {
		if !plan.Active(r) {
			past.Add(plan.SumUp(r), r)
		}
	}
	return e.Searches(past), nil
}
