package reconciler

import (
	"time"

	"assay/api/v1alpha1"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// answering keeps the number of the newest request for a fresh observation that the statuses answer. See store.RequestPass.
type answering struct {
	asked    int64 // the newest request when this pass began
	answered int64 // the newest request that the last observation answers
	dropped  int64 // requests below it were removed
}

// readRequests reads them before anything is observed. With a new one everything that is remembered is asked again. A
// pass does not depend on them: requests that cannot be read wait for a later one.
func (l *Loop) readRequests() {
	last, err := l.Store.LastRequest()
	if err != nil {
		l.Log.Warn("a pass is made without looking for requests", "error", err)
		return
	}
	if l.requests.asked = last; last > l.requests.answered {
		l.listing.demand()
		l.heads = &store.HeadsReader{Store: l.Store}
		l.external, l.witnesses, l.folders, l.scraped = nil, nil, nil, aged[plan.Metrics]{}
	}
}

// answer marks the statuses with the newest request that they answer: the scheduler must have been asked, successfully or
// not, since this pass began.
func (l *Loop) answer(all []v1alpha1.ExperimentStatus, began time.Time, o plan.Observed) {
	if !o.Listing.At.Before(began) {
		l.requests.answered = max(l.requests.answered, l.requests.asked)
	}
	for i := range all {
		all[i].Answered = l.requests.answered
	}
}

// dropRequests removes requests once their answer is published. One that stays does no harm.
func (l *Loop) dropRequests() {
	if n := l.requests.answered; n > l.requests.dropped {
		if err := l.Lease.DropRequests(n); err != nil {
			l.Log.Warn("removing answered requests", "error", err)
			return
		}
		l.requests.dropped = n
	}
}
