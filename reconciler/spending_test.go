package reconciler

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"assay/api/v1alpha1"
	"assay/reconciler/plan"
)

// errOverspent is the harm that reserving prevents.
var errOverspent = errors.New("jobs were submitted beyond the budget")

// bounded is the budget that is declared at present.
func (w *sim) bounded() *v1alpha1.Budget {
	if w.budget == 0 {
		return nil
	}
	return &v1alpha1.Budget{NodeHours: w.budget.Hours()}
}

// slack is how much more than a budget jobs can come to: a deleted experiment begins anew, and a clock that was set hides
// minutes. Jobs of the simulation live for minutes, and reserve 12 hours each.
const slack = time.Hour

// afforded holds what jobs have used, and may still use, against the budget.
func (w *sim) afforded() error {
	if w.budget == 0 || w.store == nil {
		return nil
	}
	charged := w.cluster.Charged(w.store.ID())
	if charged > w.budget+slack {
		return fmt.Errorf("%w: %s of %s", errOverspent, charged, w.budget)
	}
	return nil
}

// reserveNothing counts only what has ended.
func reserveNothing(d plan.Desired, o plan.Observed) plan.Result {
	o.Attempts = slices.Clone(o.Attempts)
	for i, a := range o.Attempts {
		if a.End == nil {
			o.Attempts[i].Holds = plan.Holds{}
		}
	}
	return plan.Plan(d, o)
}
