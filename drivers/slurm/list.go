package slurm

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// Separators of fields and records. Names keep every byte, control characters too, so part of each is random.
var (
	random    = rand.Text()[:8]
	fieldEnd  = "\x1f" + random
	recordEnd = "\x1e" + random
)

// format asks for: id, state, reason, name, comment, nodes, start, end, limit, submission.
var format = strings.Join([]string{"%i", "%T", "%r", "%j", "%k", "%N", "%S", "%e", "%l", "%V"}, fieldEnd) + recordEnd

// Jobs lists all jobs of this user in one call and keeps those of owner. A message on standard error makes the listing an
// error, whatever the exit code: squeue answers for a user or a cluster that it cannot find with a message, an empty or
// shorter list and exit code 0.
func (s *Scheduler) Jobs(ctx context.Context, owner string) ([]drivers.Job, error) {
	a := s.call(ctx, "squeue", "-h", "-t", "all", "-u", s.user, "-o", format)
	switch {
	case a.err != nil || a.code != 0:
		return nil, fmt.Errorf("listing jobs: %w: %w", a.failure(), drivers.ErrUnavailable)
	case a.text != "":
		return nil, fmt.Errorf("listing jobs: squeue lists jobs with a message, so some can be missing: %w: %w", a.failure(), drivers.ErrUnavailable)
	}
	jobs, err := parseJobs(a.out)
	if err != nil {
		return nil, fmt.Errorf("listing jobs: %w: %w", err, drivers.ErrUnavailable)
	}
	var out []drivers.Job
	for _, j := range jobs {
		if j.Tag.Store == owner {
			out = append(out, j)
		}
	}
	return out, nil
}

// parseJobs reads squeue's output. A record with another number of fields is an error; it is not skipped.
func parseJobs(text string) ([]drivers.Job, error) {
	var out []drivers.Job
	for {
		record, rest, found := strings.Cut(text, recordEnd)
		record = strings.TrimPrefix(record, "\n")
		if !found {
			if strings.TrimSpace(record) != "" {
				return nil, fmt.Errorf("squeue's output is cut short: %.100q", record)
			}
			return out, nil
		}
		text = rest
		f := strings.Split(record, fieldEnd)
		if len(f) != 10 {
			return nil, fmt.Errorf("squeue printed a record with %d fields: %.100q", len(f), record)
		}
		j, err := parseJob(f)
		if err != nil {
			return nil, err
		}
		out = append(out, j)
	}
}

func parseJob(f []string) (drivers.Job, error) {
	j := drivers.Job{ID: drivers.JobID(f[0]), Name: strings.ToValidUTF8(f[3], "?"), Reason: f[2]}
	if j.ID == "" {
		return j, fmt.Errorf("squeue printed a job without an id")
	}
	j.State = stateOf(f[1])
	if j.Reason == "None" {
		j.Reason = ""
	}
	explain(&j, f[1])
	j.Tag, _ = drivers.ParseTag(f[4])
	nodes, err := ExpandNodes(f[5])
	if err != nil {
		return j, err
	}
	j.Nodes = nodes
	j.Started, j.Ends, j.Submitted = timeOf(f[6]), timeOf(f[7]), timeOf(f[9])
	j.Limit = limitOf(f[8])
	if j.State == drivers.JobRunning && j.Limit > 0 && !j.Ends.IsZero() {
		j.Signalled = j.Ends.Add(v1alpha1.Usable(v1alpha1.Slurm, v1alpha1.Duration(j.Limit)).Std() - j.Limit)
	}
	if j.State == drivers.JobPending { // these are estimates
		j.Expected, j.Started, j.Ends = j.Started, time.Time{}, time.Time{}
	}
	return j, nil
}

// states are Slurm's words. A word that is not here is JobUnknown, which is no end.
var states = map[string]drivers.JobState{
	"PENDING": drivers.JobPending, "CONFIGURING": drivers.JobPending, "REQUEUED": drivers.JobPending, "REQUEUE_FED": drivers.JobPending,
	"REQUEUE_HOLD": drivers.JobPending, "SPECIAL_EXIT": drivers.JobPending, "RESV_DEL_HOLD": drivers.JobPending,
	"RUNNING": drivers.JobRunning, "RESIZING": drivers.JobRunning, "SIGNALING": drivers.JobRunning,
	"SUSPENDED": drivers.JobSuspended, "STOPPED": drivers.JobSuspended,
	"COMPLETING": drivers.JobCompleting, "STAGE_OUT": drivers.JobCompleting,
	"COMPLETED": drivers.JobCompleted, "FAILED": drivers.JobFailed, "BOOT_FAIL": drivers.JobBootFail, "LAUNCH_FAILED": drivers.JobLaunchFailed,
	"TIMEOUT": drivers.JobTimeout, "CANCELLED": drivers.JobCancelled, "REVOKED": drivers.JobCancelled,
	"OUT_OF_MEMORY": drivers.JobOutOfMemory, "NODE_FAIL": drivers.JobNodeFail, "PREEMPTED": drivers.JobPreempted, "DEADLINE": drivers.JobDeadline,
}

func stateOf(word string) drivers.JobState {
	word, _, _ = strings.Cut(word, " ") // sacct: "CANCELLED by 1000"
	if s, ok := states[strings.TrimSuffix(word, "+")]; ok {
		return s
	}
	return drivers.JobUnknown
}

// timeOf reads 2026-11-23T14:00:00 in the cluster's zone; zero for N/A and Unknown.
func timeOf(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02T15:04:05", s, time.Local)
	if err != nil {
		return time.Time{}
	}
	return t
}

// limitOf reads [days-][hours:]minutes:seconds; 0 for UNLIMITED and for anything else. Each number has 16 bits: more days
// than that, 179 years, are no limit, and none has a sign.
func limitOf(s string) time.Duration {
	days, clock, found := strings.Cut(s, "-")
	if !found {
		days, clock = "0", s
	}
	d, err := strconv.ParseUint(days, 10, 16)
	if err != nil {
		return 0
	}
	total := time.Duration(d) * 24 * time.Hour
	parts := strings.Split(clock, ":")
	units := []time.Duration{time.Hour, time.Minute, time.Second}
	if len(parts) > len(units) {
		return 0
	}
	for i, unit := range units[len(units)-len(parts):] {
		n, err := strconv.ParseUint(parts[i], 10, 16)
		if err != nil {
			return 0
		}
		total += time.Duration(n) * unit
	}
	return total
}
