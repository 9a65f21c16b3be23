package store

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"assay/drivers"
	"assay/reconciler/plan"
)

// journal is what the lease's holder knows of the attempts. Only the holder writes them, so it reads them once. A write
// that fails may have happened or not: then everything is read again.
type journal struct {
	mu        sync.Mutex
	seats     map[drivers.Seat][]plan.Attempt // oldest first, as on disk; nil: not read yet
	damages   Damages                         // records that could not be read; while there are any all is read each time
	beginning map[drivers.Seat]bool           // an intent is being written
	sizes     map[string]int64                // by nonce: bytes of the records that this process has written
	batches   map[string]*batch               // by name
	spent     []string                        // damaged batches of which nothing is needed any more
}

// Attempts lists the open attempts and the recent ended ones, oldest first, as Store.Attempts does. It reads files only
// the first time, and after a write that failed.
func (l *Lease) Attempts() ([]plan.Attempt, error) {
	defer l.dropSpent()
	j := &l.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := l.load(); err != nil {
		return nil, err
	}
	out := make([]plan.Attempt, 0, len(j.seats))
	for _, attempts := range j.seats {
		out = append(out, attempts...)
	}
	slices.SortFunc(out, older)
	return out, j.damages.or()
}

// Attempt returns one attempt of a seat; false when there is none of that nonce.
func (l *Lease) Attempt(seat drivers.Seat, nonce string) (plan.Attempt, bool, error) {
	j := &l.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := l.load(); err != nil {
		return plan.Attempt{}, false, err
	}
	i := slices.IndexFunc(j.seats[seat], func(a plan.Attempt) bool { return a.Nonce == nonce })
	if i < 0 {
		return plan.Attempt{}, false, nil
	}
	return j.seats[seat][i], true, nil
}

func older(a, b plan.Attempt) int {
	return cmp.Or(a.Begun.Compare(b.Begun), strings.Compare(a.Nonce, b.Nonce))
}

// load reads the attempts unless they are known. The lock is held meanwhile, so that nothing noted is overwritten by what
// was read before.
func (l *Lease) load() error {
	j := &l.journal
	if j.seats != nil && len(j.damages) == 0 {
		return nil
	}
	all, batches, spent, err := l.s.attempts()
	if j.damages, err = Tolerate(err); err != nil {
		return err
	}
	j.seats = make(map[drivers.Seat][]plan.Attempt, len(all))
	for _, a := range all {
		j.seats[a.Seat] = append(j.seats[a.Seat], a)
	}
	j.loadBatches(batches)
	j.spent = spent
	return nil
}

// dropSpent sets damaged batches aside of which nothing is needed any more. The lock is not held: a write can take long.
func (l *Lease) dropSpent() {
	l.journal.mu.Lock()
	spent := l.journal.spent
	l.journal.spent = nil
	l.journal.mu.Unlock()
	for _, name := range spent {
		if l.setAside(l.s.intentPath(name)) == nil {
			_ = l.s.fs.Remove(l.s.intentPath(name)) // it is tried again when all is read the next time
		}
	}
}

// reserve keeps a seat for one new attempt and returns the number of the last one. Call the returned function when the
// attempt is noted, or could not be written.
func (l *Lease) reserve(seat drivers.Seat) (last int, free func(), err error) {
	j := &l.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := l.load(); err != nil {
		return 0, nil, err
	}
	if j.beginning[seat] {
		return 0, nil, fmt.Errorf("seat %s is occupied: an attempt is being recorded: %w", seat, drivers.ErrRejected)
	}
	for _, d := range j.damages {
		if d.Attempt.Nonce != "" && d.Experiment == seat.Experiment {
			return 0, nil, fmt.Errorf("filling seat %s: a damaged record may be of a job that fills it: %w: %w", seat, d.Err, drivers.ErrRejected)
		}
	}
	for _, a := range j.seats[seat] {
		if a.End == nil {
			return 0, nil, fmt.Errorf("seat %s is occupied by attempt %s: %w", seat, a.Nonce, drivers.ErrRejected)
		}
		last = max(last, a.Number)
	}
	if j.beginning == nil {
		j.beginning = map[drivers.Seat]bool{}
	}
	j.beginning[seat] = true
	return last, func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		delete(j.beginning, seat)
	}, nil
}

// size is how many bytes this process left in the record of an attempt; 0 when it has not written it.
func (j *journal) size(nonce string) int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.sizes[nonce]
}

// note remembers an attempt as it was just written, and the size of its record.
func (j *journal) note(a plan.Attempt, size int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.sizes == nil {
		j.sizes = map[string]int64{}
	}
	j.sizes[a.Nonce] = size
	if name, _, ok := batchOf(a.Nonce); ok && j.batches[name] != nil {
		j.batches[name].own[a.Nonce] = true
	}
	if j.seats != nil { // else it is read
		j.remember(a)
	}
}

// remember puts an attempt in the place of its former state.
func (j *journal) remember(a plan.Attempt) {
	attempts := j.seats[a.Seat]
	i := slices.IndexFunc(attempts, func(b plan.Attempt) bool { return b.Nonce == a.Nonce })
	if i < 0 {
		attempts = append(attempts, a)
		slices.SortFunc(attempts, older)
	} else {
		attempts[i] = a
	}
	j.seats[a.Seat] = attempts
}

// drop forgets an attempt that was moved to the archive.
func (j *journal) drop(a plan.Attempt) {
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.sizes, a.Nonce)
	if name, _, ok := batchOf(a.Nonce); ok && j.batches[name] != nil {
		b := j.batches[name]
		delete(b.seats, a.Nonce)
		if b.gone[a.Nonce] = true; len(b.gone) == b.count {
			delete(j.batches, name)
		}
	}
	left := slices.DeleteFunc(j.seats[a.Seat], func(b plan.Attempt) bool { return b.Nonce == a.Nonce })
	if len(left) == 0 {
		delete(j.seats, a.Seat)
		return
	}
	j.seats[a.Seat] = left
}

// doubt has everything read again: a write failed, and what is on disk is not certain.
func (j *journal) doubt() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seats, j.sizes = nil, nil
	for _, b := range j.batches {
		b.size = 0
	}
}

// surplus lists the ended attempts of the seats that match, oldest first, without the newest of each seat.
func (l *Lease) surplus(keep int, which func(drivers.Seat) bool) ([]plan.Attempt, error) {
	j := &l.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := l.load(); err != nil {
		return nil, err
	}
	var out []plan.Attempt
	for seat, attempts := range j.seats {
		if which(seat) {
			ended := slices.DeleteFunc(slices.Clone(attempts), func(a plan.Attempt) bool { return a.End == nil })
			out = append(out, ended[:max(0, len(ended)-keep)]...)
		}
	}
	slices.SortFunc(out, older)
	return out, nil
}
