package reconciler

import (
	"context"
	"fmt"
)

// confirmPlace makes sure, once, that the store belongs to where this process is, before the first listing: what another
// cluster does not list has not ended. A cluster that cannot be asked is no answer, so it is asked again. Until then the
// listing is Unknown, and nothing is submitted, cancelled or given up.
func (l *Loop) confirmPlace(ctx context.Context) error {
	if l.Place == nil || l.placed {
		return nil
	}
	here, err := l.Place(ctx)
	if err != nil {
		return fmt.Errorf("finding out where the jobs of this state directory would run: %w", err)
	}
	check := l.Store.Claim
	if l.Lease == nil { // a preview
		check = l.Store.Verify
	}
	if err := check(here); err != nil {
		return err
	}
	l.placed = true
	return nil
}
