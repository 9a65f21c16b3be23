package reconciler

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"assay/drivers"
	"assay/drivers/fake"
	"assay/reconciler/store"
)

// simPlace is where the simulated state directory belongs.
var simPlace = drivers.Place{Site: "sim", Scheduler: "slurm", Cluster: "sim", UID: os.Getuid(), User: "sim"}

// errCopy is the harm that a copied state directory does.
var errCopy = errors.New("a copy of the state directory acted on a job of the original")

// place is where the controller is, as far as its cluster can be asked.
func (w *sim) place(context.Context) (drivers.Place, error) {
	here := simPlace
	if w.cluster.Frozen() {
		here.Cluster = ""
		return here, drivers.ErrUnavailable
	}
	return here, nil
}

// claim is what a verb that acts does first.
func (w *sim) claim(s *store.Store) error {
	here, _ := w.place(context.Background()) // the loop asks a silent cluster again
	return s.Claim(here)
}

// elsewhere lets somebody use the directory for another site, another cluster or as another user. He is refused, or, when
// his cluster was silent at the start, has no effect.
func (w *sim) elsewhere() {
	w.room()
	there, silent := simPlace, false
	switch w.rng.IntN(4) {
	case 0:
		there.Site, there.Cluster = "other", "other"
	case 1:
		there.Cluster = "other"
	case 2:
		there.UID++
	case 3:
		there.Cluster, silent = "other", true
	}
	w.note("somebody comes from %+v, silent %v", there, silent)
	crashed := w.surviving(func() {
		s := w.open(w.dir)
		asked := there
		if silent {
			asked.Cluster = ""
		}
		_, refused := errors.AsType[*store.PlaceError](s.Claim(asked))
		switch {
		case !refused && !silent && !w.v.anyPlace:
			w.broken = fmt.Errorf("the state directory was given to %+v", there)
		case !refused || w.v.anyPlace:
			w.visit(s, there)
		}
	})
	if crashed || w.lease.Check() != nil {
		w.restart()
	}
}

// visit runs a controller on the directory and the other cluster for a while.
func (w *sim) visit(s *store.Store, there drivers.Place) {
	w.bury()
	l := w.loopOver(s, w.acquire(s), w.other)
	l.Place = func(context.Context) (drivers.Place, error) { return there, nil }
	if w.v.anyPlace || w.v.lateAnyPlace {
		l.Place = nil
	}
	for range 8 {
		if _, err := l.Pass(context.Background()); err != nil {
			w.note("pass elsewhere: %v", err)
		}
		w.other.Advance(w.step)
		w.cluster.Advance(w.step)
	}
}

// copied lets somebody copy the directory while its controller lives, and use the copy as if it were another one: he is
// refused, adopts it, and applies or deletes the experiment in it.
func (w *sim) copied() {
	if w.copies++; w.copies > 1 { // copying takes time
		return
	}
	w.room()
	dir := w.dir + "-copy"
	defer func() {
		_ = os.RemoveAll(dir)
		for _, j := range w.cluster.Live() { // for the original has to find nodes
			if j.Tag.Store != w.store.ID() && j.Tag.Store != "" && j.Tag.Store != "another" {
				w.cluster.Kill(j.ID)
			}
		}
	}()
	must(func() error { return os.CopyFS(dir, os.DirFS(w.dir)) })
	deletes := w.rng.IntN(2) == 0
	w.note("the directory is copied; the copy deletes: %v", deletes)
	w.surviving(func() {
		s := w.open(dir)
		wrong, refused := errors.AsType[*store.PlaceError](s.Claim(simPlace))
		if !w.v.anyCopy && (!refused || !wrong.Copy) {
			w.broken = errors.New("a copy of the state directory was taken for the original")
			return
		}
		lease := w.acquire(s)
		if !w.v.anyCopy {
			must(func() error { return lease.Adopt(simPlace) })
			must(func() error { return s.Claim(simPlace) })
		}
		r := store.Revision{Experiment: "exp", Owner: "apply", Prune: true, Deleting: deletes, Spec: clone(w.manifest()), Site: w.loop.Site}
		r.Spec.Spec.Benchmarks = nil
		must(func() error { _, _, err := s.Accept(r); return err })
		w.twin(w.loopOver(s, lease, w.cluster))
	})
}

// twin makes passes of the copy's controller, and compares the original's jobs before and after each.
func (w *sim) twin(l *Loop) {
	for range 6 {
		before := w.jobs()
		_, err := l.Pass(context.Background())
		if err != nil {
			w.note("pass of the copy: %v", err)
		}
		same := func(a, b drivers.Job) bool { return a.ID == b.ID && a.State == b.State && a.Limit == b.Limit }
		if after := w.jobs(); !slices.EqualFunc(before, after, same) {
			w.broken = fmt.Errorf("%w: they were %+v and are %+v", errCopy, before, after)
			return
		}
		w.cluster.Advance(w.step)
	}
}

// jobs are the live ones of the original.
func (w *sim) jobs() []drivers.Job {
	return slices.DeleteFunc(w.cluster.Live(), func(j drivers.Job) bool { return j.Tag.Store != w.store.ID() })
}

// bothSites demands that no seat has a live job on two clusters.
func (w *sim) bothSites() error {
	for _, j := range w.other.Live() {
		if j.Tag.Store == w.store.ID() {
			return fmt.Errorf("%w: seat %s has job %s on another cluster", errDouble, j.Tag.Seat, j.ID)
		}
	}
	return nil
}

// open opens a state directory as another process does.
func (w *sim) open(dir string) (s *store.Store) {
	must(func() (err error) {
		s, err = store.Open(dir, store.Options{Hook: w.hook, Fault: w.fault, NoSync: true})
		return err
	})
	return s
}

func (w *sim) acquire(s *store.Store) (l *store.Lease) {
	must(func() (err error) {
		l, err = s.Acquire(context.Background(), "sim", time.Second)
		return err
	})
	return l
}

// otherCluster is one that the state directory does not belong to.
func otherCluster(seed uint64) *fake.Cluster {
	return fake.New(fake.Options{Seed: seed + 1, Nodes: 10})
}
