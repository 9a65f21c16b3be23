package slurm

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"assay/drivers"
)

// willStart is what sbatch --test-only prints, to standard error: Job 7 to start at TIME using N processors on nodes LIST in
// partition P. Slurm 26.05 has a word between: TIME a using.
var willStart = regexp.MustCompile(`to start at ([0-9T:-]+)(?: a)? using [0-9]+ processors on (?:nodes )?(\S+)`)

// Estimate runs sbatch --test-only. The name and the mark of a job of ours are left out: a refused job can leave a failed
// record, and one that waits for another of its name has no start.
func (s *Scheduler) Estimate(ctx context.Context, spec drivers.JobSpec) (drivers.Estimate, error) {
	spec.Dir = "/"
	argv, text, err := Command(spec)
	if err != nil {
		return drivers.Estimate{}, fmt.Errorf("asking when a job would start: %w: %w", err, drivers.ErrRejected)
	}
	argv = slices.DeleteFunc(argv, func(w string) bool {
		return strings.HasPrefix(w, "--comment=") || strings.HasPrefix(w, "--dependency=") || strings.HasPrefix(w, "--job-name=")
	})
	a := s.sbatch(ctx, text, slices.Insert(argv[1:], 0, "--test-only", "--job-name=assay.estimate")...)
	if a.err == nil && a.code == 0 {
		if m := willStart.FindStringSubmatch(a.text); m != nil {
			nodes, err := ExpandNodes(m[2])
			if start := timeOf(m[1]); err == nil && !start.IsZero() {
				return drivers.Estimate{Start: start, Asked: time.Now(), Nodes: nodes}, nil
			}
		}
		return drivers.Estimate{}, fmt.Errorf("asking when a job would start: sbatch --test-only answered %q: %w", a.text, drivers.ErrUnavailable)
	}
	err = a.failure()
	if a.err == nil && errors.Is(testError(a), drivers.ErrRejected) {
		return drivers.Estimate{}, fmt.Errorf("asking when a job would start: %w: %w", err, drivers.ErrRejected)
	}
	return drivers.Estimate{}, fmt.Errorf("asking when a job would start: %w: %w", err, drivers.ErrUnavailable)
}

// testError is submitError for a test, which says "allocation failure" where a submission says "Batch job submission failed".
func testError(a answer) error {
	if strings.Contains(a.text, "invalid partition specified") {
		return drivers.ErrRejected
	}
	return submitError(a)
}
