package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"assay/drivers/durable"
	"assay/reconciler/each"
	"assay/reconciler/plan"
)

// ledger is what a process knows of the runs of the experiments that it looks at: the past of each, which it reads once,
// and which runs are open.
type ledger struct {
	s    *Store
	keep *Lease // nil: a reader, which repairs nothing

	mu     sync.Mutex
	primed bool
	past   map[string]*history        // by experiment
	open   map[runName]*openRun       // runs with a marker; known to the holder of the lease without looking
	names  map[string]map[string]bool // "runs" and "finished": the experiments that have such a folder; of the start
	notes  []string
}

// history is the past of one experiment, and where its next line goes.
type history struct {
	*plan.Past
	at segments
}

type runName struct{ experiment, id string }

// openRun is a run that has not ended, with what of it cannot change behind our back.
type openRun struct {
	run   plan.Run // as in run.json; zero: not read yet
	known bool
}

func newLedger(s *Store, keep *Lease) *ledger {
	return &ledger{s: s, keep: keep, past: map[string]*history{}, open: map[runName]*openRun{}}
}

// RunsSeen are the runs of some experiments: those that are open, in full, and what is left of those that have ended.
type RunsSeen struct {
	Open   []plan.Run            // oldest first
	Past   map[string]*plan.Past // by experiment
	Failed map[string]error      // experiments whose runs could not be read: nothing is known of them
	Notes  []string              // what was repaired
}

// SeeRuns reads the runs of experiments. It is for who does not hold the lease: nothing is repaired.
func (s *Store) SeeRuns(experiments []string) (RunsSeen, error) {
	return newLedger(s, nil).see(experiments)
}

// SeeRuns reads the runs of experiments. What the holder of the lease has read or written it does not read again, so that
// the cost is that of the runs which are open. What a crash left half done is finished, and damage is repaired from the
// folders of the runs.
func (l *Lease) SeeRuns(experiments []string) (RunsSeen, error) { return l.runs.see(experiments) }

func (g *ledger) see(experiments []string) (RunsSeen, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.prime(); err != nil {
		return RunsSeen{}, fmt.Errorf("reading which runs are open: %w", err)
	}
	seen := RunsSeen{Past: make(map[string]*plan.Past, len(experiments)), Failed: map[string]error{}}
	loaded, errs := make([]*history, len(experiments)), make([]error, len(experiments))
	each.Do(readers, len(experiments), func(i int) { loaded[i], errs[i] = g.load(experiments[i]) })
	g.past = make(map[string]*history, len(experiments)) // what nobody asks for any more is forgotten
	for i, e := range experiments {
		h, err := loaded[i], errs[i]
		if repairable(err) {
			h, err = g.rebuild(e, err)
		}
		if err != nil {
			seen.Failed[e] = fmt.Errorf("reading what the runs of experiment %s came to: %w", e, err)
			continue
		}
		g.past[e], seen.Past[e] = h, h.Past
	}
	g.readOpen(&seen)
	seen.Notes, g.notes = g.notes, nil
	slices.SortFunc(seen.Open, olderRun)
	return seen, nil
}

// prime lists what there is, once: the markers of open runs, and which experiments have runs at all.
func (g *ledger) prime() error {
	if g.primed {
		return nil
	}
	markers, err := durable.Names(filepath.Join(g.s.dir, "active"))
	if err != nil {
		return err
	}
	for _, m := range markers {
		if experiment, id, ok := strings.Cut(m, "."); ok {
			g.open[runName{named(experiment), named(id)}] = &openRun{}
		}
	}
	g.names = map[string]map[string]bool{}
	for _, folder := range []string{"runs", "finished"} {
		all, err := durable.Names(filepath.Join(g.s.dir, folder))
		if err != nil {
			return err
		}
		g.names[folder] = make(map[string]bool, len(all))
		for _, name := range all {
			g.names[folder][named(name)] = true
		}
	}
	g.primed = true
	return nil
}

// load reads the past of an experiment, once. Several can be loaded at the same time: the maps are only read.
func (g *ledger) load(experiment string) (*history, error) {
	if h := g.past[experiment]; h != nil {
		return h, nil
	}
	if !g.names["finished"][experiment] && !g.names["runs"][experiment] {
		return &history{Past: &plan.Past{}}, nil
	}
	past, at, err := g.s.readPast(g.s.FinishedDir(experiment))
	return &history{past, at}, err
}

// repairable reports whether segments have to be made from the run folders.
func repairable(err error) bool {
	return errors.Is(err, errUnsummed) || errors.Is(err, durable.ErrDamaged)
}

// readOpen reads the open runs of the experiments that were asked for. One that has ended meanwhile is summed up.
func (g *ledger) readOpen(seen *RunsSeen) {
	var names []runName
	for name := range g.open {
		if seen.Past[name.experiment] != nil {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b runName) int {
		return strings.Compare(a.experiment+"/"+a.id, b.experiment+"/"+b.id)
	})
	runs, errs := make([]plan.Run, len(names)), make([]error, len(names))
	each.Do(readers, len(names), func(i int) { runs[i], errs[i] = g.readOpenRun(names[i]) })
	for i, name := range names {
		err := errs[i]
		if errors.Is(err, durable.ErrDamaged) {
			runs[i], err = g.restore(name, err)
		}
		switch {
		case seen.Failed[name.experiment] != nil: // after a line that could not be written its past is not known
			continue
		case errors.Is(err, fs.ErrNotExist): // its creation was cut short, and is repeated
			continue
		case err == nil && summed(runs[i]):
			if err = g.finish(runs[i]); err == nil {
				seen.Past[name.experiment] = g.past[name.experiment].Past
			}
		case err == nil:
			seen.Open = append(seen.Open, runs[i])
		}
		if err != nil {
			seen.Failed[name.experiment] = err
			delete(seen.Past, name.experiment)
		}
	}
	seen.Open = slices.DeleteFunc(seen.Open, func(r plan.Run) bool { return seen.Failed[r.Experiment] != nil })
}

// readOpenRun reads a run. Its record is written by the holder of the lease alone, who reads it once.
func (g *ledger) readOpenRun(name runName) (plan.Run, error) {
	o, dir := g.open[name], g.s.runDir(name.experiment, name.id)
	if o.known {
		err := readReport(&o.run)
		return o.run, err
	}
	r, err := g.s.readRun(dir)
	if err == nil {
		o.run, o.known = r, true
	}
	return r, err
}

// note takes in what the holder of the lease has just written of a run.
func (g *ledger) note(r plan.Run) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.prime(); err != nil {
		return err
	}
	g.names["runs"][r.Experiment] = true
	name := runName{r.Experiment, r.ID}
	if summed(r) {
		if h := g.past[r.Experiment]; h != nil && h.Same(r.Key, plan.SumUp(r)) {
			return g.unmark(r) // its line is there
		}
		return g.add(r)
	}
	if g.open[name] == nil {
		g.open[name] = &openRun{}
		if _, err := durable.Stat(g.s.marker(r.Experiment, r.ID)); errors.Is(err, fs.ErrNotExist) { // an older assay created it
			if err := g.keep.mark(r); err != nil {
				return err
			}
		}
	}
	g.open[name].run, g.open[name].known = r, true
	return nil
}

// finish adds a run to its experiment's segments; then its marker can go. A reader only knows it as ended.
func (g *ledger) finish(r plan.Run) error {
	h := g.past[r.Experiment]
	if h.Has(r.Key, r.ID) { // only the marker was left
		if g.keep == nil {
			return nil
		}
		return g.unmark(r)
	}
	if g.keep == nil {
		g.past[r.Experiment] = &history{h.With(plan.SumUp(r), r), h.at}
		return nil
	}
	return g.add(r)
}

// add writes the line of a run and removes its marker. The run's own record is on disk before.
func (g *ledger) add(r plan.Run) error {
	for range 2 {
		h := g.past[r.Experiment]
		if h == nil || h.at.last == 0 {
			var err error
			if h, err = g.begin(r.Experiment); err != nil {
				return err
			}
			g.past[r.Experiment] = h
			if h.Has(r.Key, r.ID) {
				return g.unmark(r) // it was among the run folders
			}
		}
		if h.at.torn {
			if err := g.keep.cutTail(g.s.FinishedDir(r.Experiment), h.at); err != nil {
				return err
			}
			h.at.torn = false
		}
		at, err := g.keep.appendSegment(g.s.FinishedDir(r.Experiment), h.at, finishedRun(r))
		if errors.Is(err, fs.ErrExist) {
			delete(g.past, r.Experiment) // read it again
			continue
		}
		if err != nil {
			delete(g.past, r.Experiment)
			return fmt.Errorf("summing run %s of experiment %s up: %w", r.ID, r.Experiment, err)
		}
		g.past[r.Experiment] = &history{h.With(plan.SumUp(r), r), at}
		return g.unmark(r)
	}
	return fmt.Errorf("summing run %s of experiment %s up: %s changes behind this controller's back", r.ID, r.Experiment, g.s.FinishedDir(r.Experiment))
}

// begin makes sure that an experiment has segments, and that nothing is left of a line which a killed writer wrote.
func (g *ledger) begin(experiment string) (*history, error) {
	g.names["runs"][experiment] = true
	h, err := g.load(experiment)
	if err == nil && h.at.last == 0 { // it had no run that has ended
		err = errUnsummed
	}
	if repairable(err) {
		return g.rebuild(experiment, err)
	}
	return h, err
}

func (g *ledger) unmark(r plan.Run) error {
	delete(g.open, runName{r.Experiment, r.ID})
	return g.s.fs.Remove(g.s.marker(r.Experiment, r.ID))
}
