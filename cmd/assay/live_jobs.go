package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/store"
)

// liveJobs are the jobs that carry the store's mark and are not over: all, or an error.
func (a *app) liveJobs(ctx context.Context, st *store.Store, site v1alpha1.Site) ([]drivers.Job, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding assay's own binary: %w", err)
	}
	sched, err := a.scheduler(st, site, self)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	jobs, err := sched.Jobs(ctx, st.ID())
	if err != nil {
		return nil, fmt.Errorf("asking the scheduler which jobs there are: %w", err)
	}
	return slices.DeleteFunc(jobs, func(j drivers.Job) bool { return j.State.Terminal() }), nil
}
