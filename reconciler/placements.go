package reconciler

import (
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// Placements compiles revisions and returns what each seat would submit. It needs no scheduler and no state directory.
func Placements(revs []store.Revision, c Compiler) ([]plan.Placement, error) {
	d := plan.Desired{Store: "STORE"}
	for _, rev := range revs {
		e, err := compile(rev, c)
		if err != nil {
			return nil, err
		}
		d.Experiments = append(d.Experiments, e)
	}
	return plan.Placements(d), nil
}
