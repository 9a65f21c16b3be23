package reconciler

import (
	"context"
	"fmt"
	"slices"
	"time"

	"assay/drivers"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// Costs compiles revisions and returns what their jobs would use. Measured is how long runs took, by experiment/benchmark. It
// needs no scheduler and no state directory.
func Costs(revs []store.Revision, c Compiler, measured map[string]time.Duration) ([]plan.Cost, error) {
	var d plan.Desired
	for _, rev := range revs {
		e, err := compile(rev, c)
		if err != nil {
			return nil, err
		}
		d.Experiments = append(d.Experiments, e)
	}
	return plan.Costs(d, measured), nil
}

// Lengths is how long the runs of an experiment took that ended with a result, by experiment/benchmark: the longest of the
// last ones.
func Lengths(st *store.Store, experiment string) (map[string]time.Duration, error) {
	const most = 50
	runs, err := st.Recent(experiment, most)
	if err != nil {
		return nil, fmt.Errorf("reading how long runs of %s took: %w", experiment, err)
	}
	out := map[string]time.Duration{}
	for _, r := range runs {
		if res := r.Result; res != nil && res.Error == "" && res.Ended.After(res.Started) {
			key := experiment + "/" + r.Benchmark
			out[key] = max(out[key], res.Ended.Sub(res.Started))
		}
	}
	return out, nil
}

// Start is when a job of a shape would start.
type Start struct {
	Job     drivers.JobSpec
	In      time.Duration // from now; 0: at once
	Err     error
	Shorter time.Duration // the longest shorter walltime with which it would start now; 0: none was found
}

const (
	mostShapes = 12              // that a scheduler is asked about, each with at most mostTries calls
	mostTries  = 6               // of a shorter walltime
	soon       = 2 * time.Minute // a start within it is now: the scheduler looks for jobs that fit only so often
	leastTried = 5 * time.Minute // walltime that is tried
)

// Starts asks the scheduler when the jobs of costs would start, once for each shape.
func Starts(ctx context.Context, e drivers.Estimator, costs []plan.Cost) (out []Start) {
	for _, c := range costs {
		if len(out) == mostShapes || c.Job.Here || slices.ContainsFunc(out, func(s Start) bool { return shape(s.Job) == shape(c.Job) }) {
			continue
		}
		out = append(out, start(ctx, e, c.Job))
	}
	return out
}

// shape is what tells one job from another for a scheduler.
func shape(j drivers.JobSpec) string {
	return fmt.Sprint(j.Partition, j.QOS, j.Account, j.Reservation, j.Nodes, j.GPUsPerNode, j.CPUsPerNode, j.MemoryPerNode, j.Time)
}

// start asks about one job, and looks for the longest shorter walltime with which it would start now: by halves, in minutes.
func start(ctx context.Context, e drivers.Estimator, j drivers.JobSpec) Start {
	s := Start{Job: j}
	var now bool
	if s.In, now, s.Err = starts(ctx, e, j, j.Time); s.Err != nil || now || j.Time <= leastTried {
		return s
	}
	fits, beyond := time.Duration(0), j.Time
	for at, tries := leastTried, 0; tries < mostTries; tries++ {
		_, now, err := starts(ctx, e, j, at)
		switch {
		case err != nil:
			return s // what is known is said
		case now:
			fits = at
		case fits == 0:
			return s // not even the leastTried one
		default:
			beyond = at
		}
		if at = (fits + (beyond-fits)/2).Truncate(time.Minute); at <= fits {
			break
		}
	}
	s.Shorter = fits
	return s
}

// starts is how far away the start of a job with that walltime is, and whether that is now.
func starts(ctx context.Context, e drivers.Estimator, j drivers.JobSpec, limit time.Duration) (time.Duration, bool, error) {
	j.Time = limit
	at, err := e.Estimate(ctx, j)
	if err != nil {
		return 0, false, err
	}
	in := max(at.Start.Sub(at.Asked), 0)
	return in, in < soon, nil
}
