package store

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/reconciler/plan"
)

// mostBatch bounds the file of a batch, in bytes: beyond it is written anew.
const mostBatch = 256 << 10

// MostTogether is how many attempts can be begun together.
const MostTogether = 32

var (
	errBusy  = errors.New("its file is being written")
	errApart = errors.New("it has a record of its own")
)

// apart reports whether an attempt gets, or has, a record of its own, which counts before what its batch says.
func apart(err error) bool { return errors.Is(err, errBusy) || errors.Is(err, errApart) }

// batchStates is one state of a batch's file. Of several states of an attempt the last one counts, and before all of them a
// record of its own.
type batchStates struct {
	Attempts []plan.Attempt `json:"attempts"`
	Gone     []string       `json:"gone,omitempty"` // nonces of attempts that were archived
	own      []string       // nonces of attempts that have records of their own by now, whatever is said here
}

// batch is what the lease's holder knows of the file of attempts that were begun together.
type batch struct {
	busy    bool                    // it is being written
	waiting []plan.Attempt          // acknowledged since; whoever writes the file writes them, too
	loose   bool                    // who writes the file takes what waits along
	size    int64                   // as this process left it; 0: not known
	seats   map[string]drivers.Seat // by nonce: of the attempts that are not archived
	own     map[string]bool         // by nonce: their last states are in records of their own
	gone    map[string]bool         // by nonce: archived
	count   int                     // of attempts that were begun in it
}

// batchOf is the name of the batch in which an attempt was begun, and how many were; false when it was begun alone.
func batchOf(nonce string) (name string, count int, ok bool) {
	if len(nonce) != batchName+2 {
		return "", 0, false
	}
	count, ok = batchCount(nonce[:batchName])
	return nonce[:batchName], count, ok
}

// batchName is how long the name of a batch is: 16 random digits, an x and how many attempts. Their nonces have two digits
// more, so that it is known of which attempts a damaged file was.
const batchName = 19

func batchCount(name string) (count int, ok bool) {
	var id uint64
	if len(name) != batchName {
		return 0, false
	}
	n, err := fmt.Sscanf(name, "%16xx%02x", &id, &count)
	return count, err == nil && n == 2 && fmt.Sprintf("%016xx%02x", id, count) == name
}

func batchNonce(name string, i int) string { return fmt.Sprintf("%s%02x", name, i) }

// BeginAll is Begin for attempts of one experiment, at most MostTogether, with one file for all of them. Each has its own
// error; those whose seat is occupied do not hinder the others.
func (l *Lease) BeginAll(all []plan.Attempt) ([]plan.Attempt, []error) {
	out, errs := slices.Clone(all), make([]error, len(all))
	var which []int
	for i, a := range all {
		last, free, err := l.reserve(a.Seat)
		if err != nil {
			errs[i] = err
			continue
		}
		defer free()
		out[i] = begun(a, last)
		which = append(which, i)
	}
	if len(which) == 0 {
		return out, errs
	}
	name := fmt.Sprintf("%sx%02x", random(8), len(which))
	made := batchStates{}
	var err error
	for k, i := range which {
		out[i].Nonce = batchNonce(name, k)
		made.Attempts = append(made.Attempts, out[i])
		err = errors.Join(err, l.makeJobDir(out[i]))
	}
	var b []byte
	if err == nil {
		b, err = l.encode(made)
	}
	if err == nil {
		if err = l.s.recording().Replace(l.s.intentPath(name), b, l.Check); err != nil {
			l.journal.doubt()
		}
	}
	if err != nil {
		for _, i := range which {
			errs[i] = fmt.Errorf("recording the intent to fill seat %s: %w", out[i].Seat, err)
		}
		return out, errs
	}
	l.journal.noteBatch(name, made.Attempts, int64(len(b)))
	return out, errs
}

// UpdateAll is Update for several attempts, with one write for those that were begun together.
func (l *Lease) UpdateAll(all []plan.Attempt) []error {
	errs := make([]error, len(all))
	groups := map[string][]int{}
	for i, a := range all {
		name, _, ok := batchOf(a.Nonce)
		if !ok || a.Damaged != "" || a.End != nil {
			errs[i] = l.Update(a)
			continue
		}
		groups[name] = append(groups[name], i)
	}
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		var together []plan.Attempt
		for _, i := range groups[name] {
			together = append(together, all[i])
		}
		err := l.writeBatch(l.s.recording(), name, batchStates{Attempts: together})
		for _, i := range groups[name] {
			if errs[i] = err; apart(err) {
				errs[i] = l.Update(all[i])
			} else if err != nil {
				errs[i] = fmt.Errorf("updating the record of attempt %s: %w", all[i].Nonce, err)
			}
		}
	}
	return errs
}

// writeBatch adds states to a batch's file, or writes it anew with the last states of all its attempts: then durably. It waits
// for nobody: errBusy while somebody else writes the file.
func (l *Lease) writeBatch(w durable.Writer, name string, change batchStates) error {
	b, err := l.turn(name, change, w.NoSync && !l.s.fs.NoSync)
	if b == nil {
		return err
	}
	for err == nil && len(change.Attempts)+len(change.Gone) > 0 {
		err = l.writeStates(w, l.s.intentPath(name), b, change)
		change = batchStates{Attempts: l.journal.free(b, err != nil)}
	}
	return err
}

// writeStates is writeBatch for who has the turn.
func (l *Lease) writeStates(w durable.Writer, path string, b *batch, change batchStates) error {
	text, err := l.encode(change)
	if err != nil {
		return err
	}
	anew := b.size == 0 || b.size+int64(len(text)) > mostBatch
	if !anew {
		err = w.Extend(path, b.size, text, l.Check)
		anew = errors.Is(err, durable.ErrChanged) || errors.Is(err, fs.ErrNotExist)
	}
	size := b.size
	if anew {
		size = 0
		text, err = l.wholeBatch(b, change, path)
	}
	if err != nil {
		l.journal.doubt()
		return err
	}
	l.journal.noteStates(b, change, size+int64(len(text)))
	return nil
}

func (l *Lease) wholeBatch(b *batch, change batchStates, path string) ([]byte, error) {
	all, err := l.states(b, change)
	if err != nil {
		return nil, err
	}
	text, err := l.encode(all)
	if err != nil {
		return nil, err
	}
	return text, l.s.recording().Replace(path, text, l.Check)
}

// leave takes an attempt that is archived out of its batch's file; with the last one the file goes.
func (l *Lease) leave(name, nonce string) error {
	if !l.journal.last(name, nonce) {
		err := l.writeBatch(l.s.recording(), name, batchStates{Gone: []string{nonce}})
		if errors.Is(err, errApart) {
			return nil // there is no such file
		}
		return err
	}
	if err := l.Check(); err != nil {
		return err
	}
	return l.s.fs.Remove(l.s.intentPath(name))
}

func (l *Lease) encode(v any) ([]byte, error) {
	clean, err := l.s.hide(v)
	if err != nil {
		return nil, err
	}
	b, err := durable.EncodeCompact(clean, AttemptVersion)
	if err != nil {
		return nil, fmt.Errorf("encoding attempts: %w", err)
	}
	return b, nil
}

// readBatch reads the file of a batch: the last state of each of its attempts that are not archived.
func (s *Store) readBatch(name string) (batchStates, error) {
	path := s.intentPath(name)
	states, err := durable.ReadStates[batchStates](path, AttemptVersion)
	if err != nil {
		return batchStates{}, err
	}
	last, gone := map[string]plan.Attempt{}, map[string]bool{}
	for _, st := range states {
		for _, a := range st.Attempts {
			last[a.Nonce] = a
		}
		for _, nonce := range st.Gone {
			gone[nonce] = true
		}
	}
	out := batchStates{Gone: slices.Sorted(maps.Keys(gone))}
	count, _ := batchCount(name)
	for i := range count {
		nonce := batchNonce(name, i)
		a, ok := last[nonce]
		switch {
		case gone[nonce]:
		case !ok:
			return batchStates{}, durable.Damaged(path, fmt.Errorf("it lacks attempt %q", nonce))
		default:
			out.Attempts = append(out.Attempts, a)
		}
	}
	return out, nil
}

// damagedBatch tells what is known of the attempts of a batch that cannot be read: those that are not archived, and have no
// records of their own.
func (s *Store) damagedBatch(name string, own map[string]bool, err error) (out Damages) {
	count, _ := batchCount(name)
	for i := range count {
		nonce := batchNonce(name, i)
		if _, missing := durable.Stat(filepath.Join(s.dir, "archive", nonce+".json")); !own[nonce] && missing != nil {
			out = append(out, s.damagedIntent(nonce, err))
		}
	}
	return out
}
