package store

import (
	"slices"

	"assay/drivers"
	"assay/reconciler/plan"
)

// loadBatches takes in which attempts have their last states in batches. A batch that is being written stays busy: only
// its writer may end that.
func (j *journal) loadBatches(read map[string]batchStates) {
	known := j.batches
	j.batches = make(map[string]*batch, len(read))
	for name, states := range read {
		b := known[name]
		if b == nil {
			b = &batch{}
		}
		b.seats, b.own, b.gone = map[string]drivers.Seat{}, map[string]bool{}, map[string]bool{}
		b.count, _ = batchCount(name)
		for _, a := range states.Attempts {
			b.seats[a.Nonce] = a.Seat
		}
		for _, nonce := range states.own {
			b.own[nonce] = true
		}
		for _, nonce := range states.Gone {
			b.gone[nonce] = true
		}
		j.batches[name] = b
	}
}

// turn lets one writer at a time write a batch's file: errBusy for others, and errApart when the file is not where all these
// attempts have their last states. What need not be durable is left to a writer who is at such work already: nil and no error.
func (l *Lease) turn(name string, change batchStates, loose bool) (*batch, error) {
	j := &l.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := l.load(); err != nil {
		return nil, err
	}
	b := j.batches[name]
	if b == nil {
		return nil, errApart
	}
	for _, a := range change.Attempts {
		if _, in := b.seats[a.Nonce]; !in || b.own[a.Nonce] {
			return nil, errApart
		}
	}
	switch {
	case b.busy && b.loose && loose:
		b.waiting = append(b.waiting, change.Attempts...)
		for _, a := range change.Attempts {
			j.remember(a)
		}
		return nil, nil
	case b.busy:
		return nil, errBusy
	}
	b.busy, b.loose = true, loose
	return b, nil
}

// free ends a turn, unless there is more to write: then it is returned. After a failure nothing more is written; all is read
// again.
func (j *journal) free(b *batch, failed bool) (more []plan.Attempt) {
	j.mu.Lock()
	defer j.mu.Unlock()
	more, b.waiting = b.waiting, nil
	b.busy = len(more) > 0 && !failed
	if failed {
		return nil
	}
	return more
}

// states are the last states of all attempts of a batch, once they are as in change.
func (l *Lease) states(b *batch, change batchStates) (out batchStates, err error) {
	j := &l.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := l.load(); err != nil {
		return out, err
	}
	changed := func(nonce string) bool {
		return slices.Contains(change.Gone, nonce) || slices.ContainsFunc(change.Attempts, func(a plan.Attempt) bool { return a.Nonce == nonce })
	}
	for nonce, seat := range b.seats {
		for _, a := range j.seats[seat] {
			if a.Nonce == nonce && !changed(nonce) {
				out.Attempts = append(out.Attempts, a)
			}
		}
	}
	out.Attempts = append(out.Attempts, change.Attempts...)
	slices.SortFunc(out.Attempts, older)
	for nonce := range b.gone {
		out.Gone = append(out.Gone, nonce)
	}
	out.Gone = append(out.Gone, change.Gone...)
	slices.Sort(out.Gone)
	return out, nil
}

// noteBatch remembers attempts that were begun together.
func (j *journal) noteBatch(name string, all []plan.Attempt, size int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.seats == nil {
		return // it is read
	}
	b := &batch{size: size, seats: map[string]drivers.Seat{}, own: map[string]bool{}, gone: map[string]bool{}, count: len(all)}
	for _, a := range all {
		b.seats[a.Nonce] = a.Seat
		j.remember(a)
	}
	j.batches[name] = b
}

// noteStates remembers what was written to a batch's file, which has so many bytes now.
func (j *journal) noteStates(b *batch, change batchStates, size int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	b.size = size
	for _, nonce := range change.Gone {
		b.gone[nonce] = true
		delete(b.seats, nonce)
	}
	if j.seats == nil {
		b.size = 0 // a write failed meanwhile
		return
	}
	for _, a := range change.Attempts {
		j.remember(a)
	}
}

// shared reports whether the last state of an attempt is in its batch.
func (j *journal) shared(name, nonce string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	b := j.batches[name]
	if b == nil {
		return false
	}
	_, in := b.seats[nonce]
	return in && !b.own[nonce]
}

// last reports whether an attempt is the last one of its batch that is not archived.
func (j *journal) last(name, nonce string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	b := j.batches[name]
	return b != nil && !b.busy && len(b.gone) == b.count-1 && !b.gone[nonce]
}
