package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
	"assay/reconciler/each"
)

// Revision is one accepted version of an experiment: the resolved manifest, its origin, and the site it runs on.
type Revision struct {
	Experiment string `json:"experiment"`
	Generation int64  `json:"generation"` // from 1
	// Incarnation is the generation at which an experiment of this name last began anew; after a deletion it is another one.
	Incarnation int64               `json:"incarnation"`
	Hash        string              `json:"hash"` // of the resolved spec
	Deleting    bool                `json:"deleting,omitempty"`
	Prune       bool                `json:"prune,omitempty"` // may remove everything
	Owner       string              `json:"owner"`
	Origin      drivers.Origin      `json:"origin"`
	Site        v1alpha1.Site       `json:"site"`
	Spec        v1alpha1.Experiment `json:"spec"`
}

// Outcome is what accepting a revision came to, in kubectl's words.
type Outcome string

// The outcomes.
const (
	Created    Outcome = "created"
	Configured Outcome = "configured"
	Unchanged  Outcome = "unchanged"
)

// Accept stores a revision unless the head is already the same; a damaged head is not. Of two revisions that are accepted at the same time
// each gets its own number: the number after the head that was compared can be taken once.
func (s *Store) Accept(r Revision) (Revision, Outcome, error) { return s.accept(r, nil) }

// AcceptOver is Accept for what was made of a revision that was read before: ErrChanged when it is not the newest any more.
func (s *Store) AcceptOver(over Revision, r Revision) (Revision, Outcome, error) {
	return s.accept(r, &over)
}

// ErrChanged means that somebody else has stored another revision meanwhile.
var ErrChanged = errors.New("it was changed meanwhile")

func (s *Store) accept(r Revision, over *Revision) (Revision, Outcome, error) {
	r.Hash = v1alpha1.Hash(r.Spec)
	for {
		head, ok, last, err := s.head(r.Experiment)
		if over != nil && err == nil && (!ok || last != over.Generation) {
			return head, "", fmt.Errorf("storing a revision of experiment %s: %w: revision %d, %s by %s@%s", r.Experiment, ErrChanged, last, head.Origin.Source, head.Origin.User, head.Origin.Host)
		}
		torn := errors.Is(err, durable.ErrDamaged)
		if torn { // this one takes its place
			head, ok, err = s.Readable(r.Experiment)
		}
		if err != nil {
			return r, "", err
		}
		if ok && !torn && head.covers(r) {
			return head, Unchanged, nil
		}
		r.Generation, r.Incarnation = last+1, last+1
		if ok && (!head.Deleting || r.Deleting) {
			r.Incarnation = head.Incarnation
		}
		err = s.fs.MkdirAll(s.revisionDir(r.Experiment))
		if err == nil {
			err = s.fs.CreateRecord(s.revisionPath(r.Experiment, r.Generation), r, nil)
		}
		switch {
		case errors.Is(err, fs.ErrExist):
			continue // another process was faster: compare with its revision
		case err != nil:
			return r, "", fmt.Errorf("storing a revision of experiment %s: %w", r.Experiment, err)
		}
		s.sayChanged(r.Experiment)
		if ok && !head.Deleting {
			return r, Configured, nil
		}
		return r, Created, nil
	}
}

// covers reports whether the head asks for everything that r asks for. Another owner makes a difference, and so does a
// permission to prune that the head lacks.
func (head Revision) covers(r Revision) bool {
	return head.Hash == r.Hash && head.Owner == r.Owner && head.Deleting == r.Deleting && (head.Prune || !r.Prune) && sameSite(head.Site, r.Site)
}

func sameSite(a, b v1alpha1.Site) bool {
	x, err1 := v1alpha1.Encode(a)
	y, err2 := v1alpha1.Encode(b)
	return err1 == nil && err2 == nil && string(x) == string(y)
}

func (s *Store) revisionDir(name string) string { return filepath.Join(s.dir, "revisions", safe(name)) }

func (s *Store) revisionPath(name string, generation int64) string {
	return filepath.Join(s.revisionDir(name), fmt.Sprintf("%06d.json", generation))
}

// generations lists the numbers of an experiment's revisions; those up to forgotten were forgotten.
func (s *Store) generations(name string) (all []int64, forgotten int64, err error) {
	files, err := durable.Names(s.revisionDir(name))
	if err != nil {
		return nil, 0, err
	}
	for _, f := range files {
		base, kind, _ := strings.Cut(f, ".")
		n, err := strconv.ParseInt(base, 10, 64)
		switch {
		case err != nil:
		case kind == "json":
			all = append(all, n)
		case kind == "forgotten":
			forgotten = max(forgotten, n)
		}
	}
	slices.Sort(all)
	return all, forgotten, nil
}

// marked is the highest number of a mark of that kind among an experiment's revisions; 0: there is none.
func (s *Store) marked(name, kind string) (highest int64, err error) {
	files, err := durable.Names(s.revisionDir(name))
	for _, f := range files {
		if base, is, _ := strings.Cut(f, "."); is == kind {
			if n, err := strconv.ParseInt(base, 10, 64); err == nil {
				highest = max(highest, n)
			}
		}
	}
	return highest, err
}

// head reads the newest revision, and its number, which a forgotten experiment has too.
func (s *Store) head(name string) (r Revision, ok bool, last int64, err error) {
	all, forgotten, err := s.generations(name)
	if err != nil || len(all) == 0 {
		return r, false, 0, err
	}
	last = all[len(all)-1]
	if last <= forgotten {
		return r, false, last, nil
	}
	r, err = s.Revision(name, last)
	return r, err == nil, last, err
}

// Head is the newest revision; false when there is none or the experiment was forgotten.
func (s *Store) Head(name string) (Revision, bool, error) {
	r, ok, _, err := s.head(name)
	return r, ok, err
}

// Heads are the newest revisions of all experiments, by name. Experiments whose newest revision cannot be read are left out
// and are in the error, a Damages.
func (s *Store) Heads() ([]Revision, error) {
	experiments, err := durable.Names(filepath.Join(s.dir, "revisions"))
	if err != nil {
		return nil, err
	}
	n := len(experiments)
	heads, there, lasts, errs := make([]Revision, n), make([]bool, n), make([]int64, n), make([]error, n)
	each.Do(readers, n, func(i int) { heads[i], there[i], lasts[i], errs[i] = s.head(named(experiments[i])) })
	var out []Revision
	var damages Damages
	for i, r := range heads {
		switch {
		case errs[i] != nil && contained(errs[i]):
			damages = append(damages, s.damagedHead(named(experiments[i]), lasts[i], errs[i]))
		case errs[i] != nil:
			return nil, errs[i]
		case there[i]:
			out = append(out, r)
		}
	}
	return out, damages.or()
}

// History lists every revision, oldest first, also of a forgotten experiment until it is purged. Damaged ones are in the error,
// a Damages.
func (s *Store) History(name string) ([]Revision, error) {
	all, _, err := s.generations(name)
	if err != nil {
		return nil, err
	}
	purged, err := s.purged(name)
	if err != nil {
		return nil, err
	}
	var out []Revision
	var damages Damages
	for _, n := range all {
		if n <= purged {
			continue
		}
		r, err := s.Revision(name, n)
		switch {
		case err != nil && contained(err):
			damages = append(damages, Damage{Experiment: name, Err: err})
		case err != nil:
			return nil, err
		default:
			out = append(out, r)
		}
	}
	return out, damages.or()
}

// Revision reads one revision.
func (s *Store) Revision(name string, generation int64) (Revision, error) {
	var r Revision
	path := s.revisionPath(name, generation)
	err := durable.ReadRecord(path, &r)
	if errors.Is(err, fs.ErrNotExist) {
		return r, fmt.Errorf("experiment %s has no revision %d: %w", name, generation, drivers.ErrNotFound)
	}
	if err == nil && (r.Experiment != name || r.Generation != generation) {
		err = durable.Damaged(path, fmt.Errorf("it holds revision %d of experiment %s, so another file was put in its place", r.Generation, r.Experiment))
	}
	return r, err
}

// Forget ends a deleted experiment: its name is free again, the keys that assay made for it are removed, and its history, runs and
// logs stay readable. A revision that was accepted in the meantime is kept, and the experiment with it.
func (s *Store) Forget(l *Lease, name string) error {
	head, ok, err := s.Head(name)
	if err != nil || !ok || !head.Deleting {
		return err
	}
	if err := l.noteSpent(head); err != nil {
		return fmt.Errorf("forgetting experiment %s: %w", name, err)
	}
	if err := l.archiveAll(name); err != nil {
		return fmt.Errorf("forgetting experiment %s: %w", name, err)
	}
	if err := l.rename(s.statusPath(name), s.lastStatusPath(name, head.Generation)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forgetting experiment %s: %w", name, err)
	}
	if err := l.dropKeys(name); err != nil { // before the mark, after which nobody would
		return fmt.Errorf("forgetting experiment %s: removing its keys: %w", name, err)
	}
	if err := l.dropScaled(name); err != nil {
		return fmt.Errorf("forgetting experiment %s: %w", name, err)
	}
	mark := filepath.Join(s.revisionDir(name), fmt.Sprintf("%06d.forgotten", head.Generation))
	if err := l.create(mark, struct{}{}); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("forgetting experiment %s: %w", name, err)
	}
	s.sayChanged(name)
	return nil
}
