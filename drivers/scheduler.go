package drivers

import (
	"context"
	"time"
)

// JobID is the scheduler's own id of a job. Ids are reused: only an id together with a nonce is an identity.
type JobID string

// JobState is a scheduler's state of a job, in one vocabulary for all schedulers.
type JobState string

// The states. Everything from Completed on is terminal.
const (
	JobPending     JobState = "Pending"
	JobRunning     JobState = "Running"
	JobSuspended   JobState = "Suspended"
	JobCompleting  JobState = "Completing" // ending; its nodes are not free yet
	JobCompleted   JobState = "Completed"
	JobFailed      JobState = "Failed"
	JobTimeout     JobState = "Timeout"
	JobCancelled   JobState = "Cancelled"
	JobOutOfMemory JobState = "OutOfMemory"
	JobNodeFail    JobState = "NodeFail"
	JobPreempted   JobState = "Preempted"
	JobDeadline    JobState = "Deadline"
	JobVanished    JobState = "Vanished" // a successful listing no longer has it and nobody knows how it ended
)

// Terminal reports whether the job is over.
func (s JobState) Terminal() bool {
	switch s {
	case JobPending, JobRunning, JobSuspended, JobCompleting:
		return false
	}
	return true
}

// Job is one job of ours as the scheduler lists it.
type Job struct {
	ID        JobID
	Name      string
	Tag       Tag
	State     JobState
	Reason    string // the scheduler's own word: Resources, Priority, NonZeroExitCode …
	Nodes     []string
	Submitted time.Time     // zero when unknown; not stable across requeues
	Started   time.Time     // zero until it runs
	Ends      time.Time     // zero when unknown or unlimited
	Limit     time.Duration // 0 when unlimited
	Exit      int           // exit code, once terminal
	Signal    int           // ending signal, once terminal
}

// JobSpec is one submission.
type JobSpec struct {
	Tag           Tag
	Name          string   // assay.<experiment>.<group>.<slot>; for people, and for singleton
	Dir           string   // job directory; exists, 0700; logs go to Dir/log
	Argv          []string // the agent; started on the first node
	Here          bool     // on the controller's own host, beside the scheduler: clients only
	Nodes         int
	Partition     string
	QOS           string
	Account       string
	Reservation   string
	GPUsPerNode   int
	CPUsPerNode   int           // 0: the scheduler's default
	MemoryPerNode int64         // bytes; 0: the scheduler's default
	Time          time.Duration // walltime; 0: the scheduler's default
	Modules       []string
	Directives    []string // extra sbatch options, verbatim
}

// Change is what can be changed on a job that exists. Nil leaves as is.
type Change struct {
	Time *time.Duration
	Tag  *Tag // the comment: the nonce stays
}

// Scheduler starts, stops and lists jobs. drivertest.Scheduler is its contract as tests.
type Scheduler interface {
	// Submit starts a job. Its error is ErrRejected when there is certainly no job,
	// ErrUnavailable when the scheduler was not reached and so there is no job,
	// and anything else (ErrUncertain) when there may be one.
	Submit(ctx context.Context, spec JobSpec) (JobID, error)
	// Cancel ends the job if id still carries nonce. An unknown, finished or foreign id is no error: it is idempotent.
	Cancel(ctx context.Context, id JobID, nonce string) error
	// Jobs lists every job whose tag carries owner (a store's id), ended ones as long as the scheduler remembers
	// them: all of them or an error, never a part.
	Jobs(ctx context.Context, owner string) ([]Job, error)
}

// Reconfigurer is an optional capability: changing a job in place. A refusal is ErrRejected.
type Reconfigurer interface {
	Reconfigure(ctx context.Context, id JobID, nonce string, change Change) error
}

// Accountant is an optional capability: how a job ended that the listing no longer shows. ErrNotFound when nobody knows.
type Accountant interface {
	Ended(ctx context.Context, id JobID, nonce string) (Job, error)
}
