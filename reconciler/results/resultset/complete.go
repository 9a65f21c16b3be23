package resultset

import (
	"slices"
	"strings"

	"assay/reconciler/gate"
	"assay/reconciler/results"
	"assay/reconciler/store"
)

// Point is a benchmark at a declared point with its results.
type Point struct {
	Group    results.Group
	Declared gate.Declared
}

// Points are all that a revision declares, benchmark by benchmark, with what counts of each.
func (m *Measurements) Points(rev store.Revision) (out []Point, err error) {
	declared, err := m.reader.Configurations(rev)
	if err != nil {
		return nil, err
	}
	groups := results.Groups(m.Of(rev))
	for _, b := range rev.Spec.Spec.Benchmarks {
		for _, p := range pointsOf(b, declared, groups) {
			out = append(out, Point{p.group, p.declared})
		}
	}
	return out, nil
}

// Declared are the points of EXPERIMENT or EXPERIMENT@REVISION, and the revision.
func (r Reader) Declared(ref string) (rev store.Revision, points []Point, err error) {
	name, word, _ := strings.Cut(ref, "@")
	m, err := r.Measurements(name)
	if err == nil {
		rev, err = m.Find(word)
	}
	if err == nil {
		points, err = m.Points(rev)
	}
	return rev, points, err
}

// Complete reports whether every repeat at every point of a revision has ended, or need not be done any more. A revision without
// a benchmark is never complete: nothing was measured.
func (m *Measurements) Complete(rev store.Revision) (bool, error) {
	points, err := m.Points(rev)
	lacks := func(p Point) bool {
		if len(p.Group.Rows)+len(p.Group.Invalid) == 0 {
			return true
		}
		_, due := p.Declared.Design.Look(len(p.Group.Rows))
		return len(p.Declared.Missing(p.Group)) > 0 && !(p.Declared.Design.Early && due)
	}
	return err == nil && len(points) > 0 && !slices.ContainsFunc(points, lacks), err
}

// Measuring is the newest revision of this content that is complete.
func (m *Measurements) Measuring(hash string) (store.Revision, bool, error) {
	for _, rev := range slices.Backward(m.History) {
		if rev.Hash != hash {
			continue
		}
		if done, err := m.Complete(rev); done || err != nil {
			return rev, done, err
		}
	}
	return store.Revision{}, false, nil
}
