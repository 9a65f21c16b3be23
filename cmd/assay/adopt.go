package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"assay/drivers"
	"assay/reconciler/plan"
	"assay/reconciler/store"
	"assay/reconciler/view/text"
)

// adoptOptions are the flags of `assay adopt`.
type adoptOptions struct {
	keepJobs bool
	yes      bool
}

func adoptCmd(_ *app, run func(context.Context, adoptOptions) error) *cobra.Command {
	var o adoptOptions
	c := &cobra.Command{
		Use:   "adopt [--state DIR] [--site NAME] [--keep-jobs]",
		Short: "Make a copied state directory, or one of another site, this site's own",
		Long: `A state directory belongs to one site, one cluster and one user, and a copy of it would act on the original's jobs, so
other verbs refuse both. adopt prints what taking it over means, asks, and does it:

  assay adopt              it gets an id of its own. Jobs that it has on record stay with the original, or with the place that
                           it was used at, and are not touched. Nothing is declared afterwards: apply the files again. Its
                           history, results and logs stay readable.
  assay adopt --keep-jobs  it keeps its id and its jobs: it was moved to another file system or restored, and the original is
                           gone; or its site, cluster or user has another name now.

It needs the lease of the directory; a lease that was copied with it does not count.`,
		Args: args(cobra.NoArgs),
		RunE: verb(&o, run),
	}
	f := c.Flags()
	f.BoolVar(&o.keepJobs, "keep-jobs", false, "it is the original, moved or renamed: keep its id, so that its jobs stay its own")
	f.BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	return c
}

func (a *app) runAdopt(ctx context.Context, o adoptOptions) (err error) {
	a.caution = handsOn
	st, s, err := a.current()
	if err != nil {
		return err
	}
	here, err := place(ctx, s)
	if err != nil {
		return err
	}
	adoption, err := st.Adoption(here)
	switch {
	case err != nil:
		return err
	case adoption.Wrong == nil:
		a.note("Nothing to adopt: %s belongs to %s, or can.", st.Dir(), placeLine(here))
		return nil
	case o.keepJobs && adoption.Visible:
		return fmt.Errorf("adopting %s with its jobs: %s; use that one, remove it, or leave --keep-jobs out", st.Dir(), adoption.Wrong.Why)
	}
	for _, line := range consequences(adoption, here, o.keepJobs) {
		a.note("%s", line)
	}
	if err := a.confirm(o.yes, "Adopt it?", "nothing was changed", "add --yes"); err != nil {
		return err
	}
	lease, err := st.Acquire(ctx, "adopt", leaseTTL)
	if held, ok := errors.AsType[*store.HeldError](err); ok {
		return exitError{exitLeaseHeld, held}
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lease.Release()) }()
	if o.keepJobs {
		err = lease.Keep(here)
	} else {
		err = lease.Adopt(here)
	}
	if err == nil {
		fmt.Fprintf(a.out, "%s adopted for %s, id %s\n", st.Dir(), placeLine(here), st.ID())
	}
	return err
}

// placeLine names a place for people.
func placeLine(p drivers.Place) string {
	return fmt.Sprintf("site %s (%s on %s, user %s)", p.Site, p.Scheduler, p.Cluster, p.User)
}

// consequences are what adopting means, a sentence a line.
func consequences(a store.Adoption, here drivers.Place, keepJobs bool) []string {
	lines := []string{fmt.Sprintf("%s: %s.", a.Wrong.Dir, a.Wrong.Why), fmt.Sprintf("Adopting it for %s:", placeLine(here))}
	if keepJobs {
		lines = append(lines, "- It keeps its id. If the original is ever used again, both act on the same jobs.")
		if len(a.Jobs) > 0 {
			lines = append(lines, fmt.Sprintf("- Jobs that the scheduler here does not list count as vanished, and are started again: %s.", jobWords(a.Jobs)))
		}
		return lines
	}
	lines = append(lines, "- It gets an id of its own: every job of the old id is a stranger, and is neither shown nor ended from here.")
	if len(a.Jobs) > 0 {
		lines = append(lines, fmt.Sprintf("- Jobs on record, which go on where they are: %s.", jobWords(a.Jobs)))
	}
	if len(a.Experiments) > 0 {
		lines = append(lines, fmt.Sprintf("- No longer declared here, until their files are applied again: %s. History, results and logs stay readable.", strings.Join(a.Experiments, ", ")))
	}
	return lines
}

// jobWords names jobs by what they run and by their ids, the first ten.
func jobWords(jobs []plan.Attempt) string {
	var words []string
	for i, j := range jobs {
		if i == 10 {
			words = append(words, fmt.Sprintf("and %d more", len(jobs)-i))
			break
		}
		words = append(words, fmt.Sprintf("%s (job %s)", j.Seat, text.Dash(string(j.JobID))))
	}
	return strings.Join(words, ", ")
}
