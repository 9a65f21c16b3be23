package reconciler

import (
	"context"
	"errors"
	"fmt"

	"assay/drivers"
	"assay/reconciler/plan"
)

// extend asks for a longer walltime of a running job. A refusal is noted, so that it is not asked for again.
func (x *executor) extend(ctx context.Context, a plan.Action) (plan.Action, error) {
	err := fmt.Errorf("this scheduler changes no job in place: %w", drivers.ErrRejected)
	if r, ok := x.Scheduler.(drivers.Reconfigurer); ok {
		err = x.beside.calling(ctx, func(ctx context.Context) error { return r.Reconfigure(ctx, a.JobID, a.Nonce, *a.Change) })
		x.out.asked = true
	}
	x.distrustListing("extending", a.JobID, err)
	switch refused := errors.Is(err, drivers.ErrRejected); {
	case refused:
		a.Reason, a.Message = plan.ExtensionRefused, fmt.Sprintf("job %s keeps its walltime, and another one follows it: %s", a.JobID, err)
	case err != nil:
		return a, err
	}
	return a, x.update(a.Seat, a.Nonce, func(attempt *plan.Attempt) {
		if err != nil {
			attempt.Unextended = err.Error()
			return
		}
		attempt.Extended++
		attempt.Limit, attempt.Changed = drivers.SecondsOf(*a.Change.Time), x.Clock()
	})
}
