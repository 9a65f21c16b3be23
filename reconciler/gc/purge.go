package gc

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"assay/drivers"
	"assay/reconciler/store"
)

// purged are the kinds that hold what was measured: runs, and the logs of the jobs that they ran in.
var purged = Kinds{Runs: true, Logs: true}

// exported is a file of scraped metrics of an experiment: its name, and the number of a revision.
var exported = regexp.MustCompile(`^(.+)-[0-9]{6}\.om\.gz$`)

// ErrNotDeleted means that an experiment is still declared: what it measured is in use.
var ErrNotDeleted = errors.New("it is not deleted")

// Measured lists everything that was measured of the Collector's experiment, which was deleted and of which no job can be left.
func (c Collector) Measured(ctx context.Context) (store.Revision, []Leftover, error) {
	rev, deleted, ok, err := c.Store.Newest(c.Experiment)
	switch {
	case err != nil:
		return rev, nil, err
	case !ok:
		return rev, nil, fmt.Errorf("no experiment %q; what there is: assay get experiments, and assay get experiments --deleted", c.Experiment)
	case !deleted:
		return rev, nil, fmt.Errorf("purging experiment %s: %w; type first: assay delete experiment/%s", c.Experiment, ErrNotDeleted, c.Experiment)
	}
	s, err := c.snapshot(ctx)
	if err != nil {
		return rev, nil, fmt.Errorf("purging experiment %s: %w", c.Experiment, err)
	}
	for _, a := range s.attempts {
		if a.Experiment == c.Experiment && s.mayLive(a.Nonce) {
			return rev, nil, fmt.Errorf("purging experiment %s: its job %s may still run; look: assay get jobs, end it: assay delete experiment/%s", c.Experiment, a.JobID, c.Experiment)
		}
	}
	if i := slices.IndexFunc(s.live, func(j drivers.Job) bool { return j.Tag.Seat.Experiment == c.Experiment }); i >= 0 {
		return rev, nil, fmt.Errorf("purging experiment %s: its job %s still runs; end it with: assay delete experiment/%s", c.Experiment, s.live[i].ID, c.Experiment)
	}
	found, err := c.Find(ctx, purged)
	return rev, found.Leftovers, err
}

// Purge removes what Measured lists, and marks the experiment: it is not listed any more. What is left after an error goes with
// the next Purge.
func (c Collector) Purge(ctx context.Context, rev store.Revision, agreed []Leftover) (Removed, error) {
	done, err := c.Remove(ctx, purged, agreed)
	if err != nil || len(done.Kept) > 0 {
		return done, err
	}
	return done, c.Store.Purge(rev)
}

// scraped are the metrics that were exported of deleted experiments.
func (s snapshot) scraped() (out []Leftover, err error) {
	dir := filepath.Join(s.Store.Dir(), "metrics")
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		m := exported.FindStringSubmatch(e.Name())
		if m == nil || !e.Type().IsRegular() || strings.HasPrefix(e.Name(), ".") || !s.chosen(m[1]) || s.declared(m[1]) {
			continue
		}
		out = append(out, Leftover{Kind: KindRuns, Experiment: m[1], Path: filepath.Join(dir, e.Name())})
	}
	return out, err
}
