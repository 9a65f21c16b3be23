package store

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"assay/drivers/durable"
	"assay/reconciler/each"
	"assay/reconciler/plan"
)

// rebuild makes what an experiment's segments say from the folders of its runs: an older assay wrote none, or they are
// damaged. Only the holder of the lease writes it down; the damaged ones are set aside.
func (g *ledger) rebuild(experiment string, why error) (*history, error) {
	ended, open, err := g.s.allRuns(experiment)
	if err != nil {
		return nil, err
	}
	h := &history{Past: &plan.Past{}}
	for _, r := range ended {
		h.Add(r.sum(), r.Run)
	}
	for _, r := range open {
		if g.open[runName{experiment, r.ID}] == nil {
			if g.keep != nil {
				if err := g.keep.mark(r); err != nil {
					return nil, err
				}
			}
			g.open[runName{experiment, r.ID}] = &openRun{}
		}
	}
	if g.keep == nil || len(ended) == 0 && errors.Is(why, errUnsummed) {
		return h, nil
	}
	h.at, err = g.keep.replaceSegments(experiment, ended)
	if err != nil {
		return nil, err
	}
	g.names["finished"][experiment] = true
	if !errors.Is(why, errUnsummed) {
		g.notes = append(g.notes, fmt.Sprintf("the list of the ended runs of experiment %s was made anew from their folders: %v", experiment, why))
	}
	return h, nil
}

// replaceSegments puts new segments in the place of the old ones, which stay in a hidden folder.
func (l *Lease) replaceSegments(experiment string, runs []FinishedRun) (segments, error) {
	dir := l.s.FinishedDir(experiment)
	fresh, aside := filepath.Join(filepath.Dir(dir), ".new-"+safe(experiment)), filepath.Join(filepath.Dir(dir), ".damaged-"+safe(experiment)+"-"+random(4))
	if names, err := durable.Names(fresh); err == nil { // of a writer that was killed
		for _, name := range names {
			if err := l.s.fs.Remove(filepath.Join(fresh, name)); err != nil {
				return segments{}, err
			}
		}
	}
	at, err := l.writeSegments(fresh, runs)
	if err == nil {
		if err = l.rename(dir, aside); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	if err == nil {
		err = l.rename(fresh, dir)
	}
	if err != nil {
		return at, fmt.Errorf("listing the ended runs of experiment %s: %w", experiment, err)
	}
	return at, nil
}

// allRuns reads every run folder of an experiment. Where a record is damaged and the segments still have a line of the run,
// the line counts. Runs that have not ended come with their record alone.
func (s *Store) allRuns(experiment string) (ended []FinishedRun, open []plan.Run, err error) {
	ids, err := durable.Names(filepath.Join(s.dir, "runs", safe(experiment)))
	if err != nil {
		return nil, nil, err
	}
	runs, errs := make([]plan.Run, len(ids)), make([]error, len(ids))
	each.Do(readers, len(ids), func(i int) { runs[i], errs[i] = s.readRecord(s.runDir(experiment, named(ids[i]))) })
	var lines map[string]FinishedRun
	for i, r := range runs {
		switch err := errs[i]; {
		case errors.Is(err, fs.ErrNotExist):
		case errors.Is(err, durable.ErrDamaged):
			if lines == nil {
				lines = s.readableLines(experiment)
			}
			id := named(ids[i])
			if line, ok := lines[id]; ok {
				ended = append(ended, line)
			} else if _, err := durable.Stat(s.marker(experiment, id)); err != nil {
				return nil, nil, errs[i]
			}
		case err != nil:
			return nil, nil, err
		case summed(r):
			ended = append(ended, finishedRun(r))
		default:
			open = append(open, r)
		}
	}
	slices.SortStableFunc(ended, func(a, b FinishedRun) int { return cmp.Or(a.Ended.Compare(b.Ended), strings.Compare(a.ID, b.ID)) })
	return ended, open, nil
}

// restore makes the record of an open run from its marker, which holds it as it was created. The damaged one is set aside.
func (g *ledger) restore(name runName, damage error) (plan.Run, error) {
	var rec record
	if err := durable.ReadRecord(g.s.marker(name.experiment, name.id), &rec); err != nil || rec.ID != name.id {
		return plan.Run{}, damage
	}
	dir := g.s.runDir(name.experiment, name.id)
	if g.keep != nil {
		path := filepath.Join(dir, runFile)
		if err := g.keep.rename(path, filepath.Join(dir, "."+runFile+".damaged")); err != nil {
			return plan.Run{}, err
		}
		if err := g.keep.create(path, rec); err != nil {
			return plan.Run{}, err
		}
		g.notes = append(g.notes, fmt.Sprintf("the record of run %s of experiment %s was made anew, as it was when the run was created: %v", name.id, name.experiment, damage))
	}
	r := rec.Run
	r.Dir = dir
	err := readReport(&r)
	g.open[name].run, g.open[name].known = r, err == nil
	return r, err
}
