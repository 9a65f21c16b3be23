package accept

import (
	"errors"
	"fmt"
	"slices"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/reconciler/store"
)

// Undo stores the content of an older revision of an experiment as its newest; to 0 is the one before the newest; when
// the newest is damaged it is the newest good one; and when the experiment was deleted the last one before that. The owner
// stays the same.
func Undo(st *store.Store, experiment string, to int64, prune bool, origin drivers.Origin) (Accepted, error) {
	_, _, err := st.Head(experiment)
	torn := errors.Is(err, durable.ErrDamaged)
	head, ok, err := st.Readable(experiment)
	if err != nil {
		return Accepted{}, err
	}
	if !ok {
		if head, to, ok, err = beforeDeletion(st, experiment, to); err != nil {
			return Accepted{}, err
		}
	} else if head.Deleting {
		ok = false
	}
	if !ok {
		return Accepted{}, fmt.Errorf("no experiment %q; what there is: assay get experiments", experiment)
	}
	switch {
	case to == 0 && torn:
		to = head.Generation
	case to == 0:
		to = head.Generation - 1
	}
	rev, err := st.Revision(experiment, to)
	if err != nil {
		return Accepted{}, fmt.Errorf("going back to revision %d of %s: %w; the revisions: assay history %s", to, experiment, err, experiment)
	}
	rev.Origin = origin
	rev.Origin.Path = fmt.Sprintf("revision %d", to)
	rev.Deleting, rev.Prune, rev.Owner = false, prune, head.Owner
	return put(st, rev)
}

// beforeDeletion is the newest revision of a deleted experiment, and the number of the last one that did not delete it, unless
// another one is asked for.
func beforeDeletion(st *store.Store, experiment string, to int64) (store.Revision, int64, bool, error) {
	newest, deleted, ok, err := st.Newest(experiment)
	if err != nil || !ok || !deleted {
		return newest, to, false, err
	}
	history, err := st.History(experiment)
	if _, err = store.Tolerate(err); err != nil {
		return newest, to, false, err
	}
	for _, rev := range slices.Backward(history) {
		if to == 0 && !rev.Deleting {
			to = rev.Generation
		}
	}
	return newest, to, to != 0, nil
}
