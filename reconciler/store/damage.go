package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/reconciler/plan"
)

// Damage is one record, or one folder, that cannot be read: it is torn, of another kind, put in the place of a newer one, or
// not permitted. It concerns one experiment only.
type Damage struct {
	Experiment string       // empty when it cannot be known
	Generation int64        // of a revision that is the newest of its experiment; else 0
	Attempt    plan.Attempt // of an intent: its nonce, and its seat as far as its job's folder tells; else zero
	Err        error        // names the file, and for a torn one what to type
}

// Damages is the error of a listing in which some records are damaged. All others come with it, so who may go on without the
// damaged ones takes it apart with Tolerate.
type Damages []Damage

func (d Damages) Error() string { return errors.Join(d.Unwrap()...).Error() }

// Unwrap returns the error of every record.
func (d Damages) Unwrap() []error {
	var out []error
	for _, one := range d {
		out = append(out, one.Err)
	}
	return out
}

// Tolerate returns what is damaged when that is all that err tells, and else err.
func Tolerate(err error) (Damages, error) {
	if d, ok := err.(Damages); ok { // wrapped, it is the error of something that did not go on
		return d, nil
	}
	return nil, err
}

// contained reports whether an error concerns one record only. A newer assay's record does not: this assay must not act on
// the directory at all.
func contained(err error) bool { return !errors.Is(err, durable.ErrNewer) }

// or is a listing's error: nil when nothing is damaged.
func (d Damages) or() error {
	if len(d) == 0 {
		return nil
	}
	return d
}

// damagedHead is a revision that cannot be read, or a folder of revisions.
func (s *Store) damagedHead(experiment string, last int64, err error) Damage {
	return Damage{Experiment: experiment, Generation: last, Err: fmt.Errorf("reading what is wanted of experiment %s: %w", experiment, err)}
}

// Readable is the newest revision, or when that one is damaged the newest good one before it: what is known of an experiment
// when something is stored after the damaged one.
func (s *Store) Readable(name string) (Revision, bool, error) {
	r, ok, last, err := s.head(name)
	if !errors.Is(err, durable.ErrDamaged) {
		return r, ok, err
	}
	all, forgotten, err := s.generations(name)
	if err != nil {
		return r, false, err
	}
	for i := len(all) - 1; i >= 0 && all[i] > forgotten; i-- {
		if all[i] >= last {
			continue
		}
		if r, err = s.Revision(name, all[i]); !errors.Is(err, durable.ErrDamaged) {
			return r, err == nil, err
		}
	}
	return Revision{}, false, nil
}

// damagedIntent tells what is known of an attempt without its record: its job's folder names the seat.
func (s *Store) damagedIntent(nonce string, err error) Damage {
	a := plan.Attempt{Nonce: nonce, Damaged: err.Error()}
	found, _ := filepath.Glob(filepath.Join(s.dir, "jobs", "*", "*", globSafe(nonce))) // without one the seat stays unknown
	if len(found) == 1 {
		place := filepath.Dir(found[0])
		a.Experiment = named(filepath.Base(filepath.Dir(place)))
		name, second := strings.CutSuffix(filepath.Base(place), "+1")
		group, slot, _ := cutLast(name)
		a.Seat = drivers.Seat{Experiment: a.Experiment, Group: named(group), Slot: slot}
		if second {
			a.Seat = a.Seat.Twin()
		}
	}
	return Damage{Experiment: a.Experiment, Attempt: a, Err: fmt.Errorf("reading an attempt: %w", err)}
}

func globSafe(nonce string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(safe(nonce))
}

func cutLast(place string) (group string, slot int, ok bool) {
	i := strings.LastIndex(place, "-")
	if i < 0 {
		return place, 0, false
	}
	slot, err := strconv.Atoi(place[i+1:])
	return place[:i], slot, err == nil
}

// setAside copies a damaged file into the archive, before a good one takes its place.
func (l *Lease) setAside(path string) error {
	b, err := durable.Read(path, durable.MaxRecord)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		rel, _ := filepath.Rel(l.s.dir, path)
		to := filepath.Join(l.s.dir, "archive", "damaged-"+strings.ReplaceAll(rel, string(os.PathSeparator), "-"))
		err = l.s.fs.Create(to, b, l.Check)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("setting a damaged record aside: %w", err)
	}
	return nil
}

// attemptsAndDamaged are all attempts, also those of which no more is known than that they exist.
func (s *Store) attemptsAndDamaged() ([]plan.Attempt, error) {
	all, err := s.Attempts()
	damages, err := Tolerate(err)
	for _, d := range damages {
		all = append(all, d.Attempt)
	}
	return all, err
}

// tornID says how to write the file id again. Its inode number has to stay, so a copy from a backup would not do.
func (s *Store) tornID(path string, err error) error {
	var known identity
	if _, bad := durable.ReadVersion(filepath.Join(s.dir, identityFile), &known, Format); bad != nil || known.Store == "" {
		return fmt.Errorf("%w; it is the second word in the comments of its jobs, in quotation marks", err)
	}
	return fmt.Errorf("%s is damaged; to write it again, type: echo '\"%s\"' > '%s'", path, known.Store, path)
}
