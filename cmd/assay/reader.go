package main

import (
	"context"

	"assay/api/v1alpha1"
	"assay/reconciler/store"
	"assay/reconciler/view"
)

// reader reads what is there: as a controller observes it or, without one, as this process does.
func (a *app) reader(st *store.Store, site v1alpha1.Site) *view.Reader {
	var loop *runner
	return &view.Reader{Store: st, Observe: func(ctx context.Context) (_ []v1alpha1.ExperimentStatus, err error) {
		if loop == nil {
			if loop, err = a.newLoop(st, site, nil); err != nil {
				loop = nil
				return nil, err
			}
		}
		return loop.Observe(ctx)
	}}
}

// snapshot is what there is now. People are told when it is old.
func (a *app) snapshot(ctx context.Context, st *store.Store, site v1alpha1.Site) (view.Snapshot, error) {
	s, err := a.reader(st, site).Read(ctx)
	if note := s.Note(); err == nil && note != "" {
		a.note("%s", note)
	}
	return s, err
}
