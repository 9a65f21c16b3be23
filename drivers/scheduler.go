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
	JobVanished    JobState = "Vanished" // a successful listing no longer has it, and how it ended is unknown
)

// Terminal reports whether the job is over.
func (s JobState) Terminal() bool {
	switch s {
	case JobPending, JobRunning, JobSuspended, JobCompleting:
		return false
	}
	return true
}

// Job is one job as the scheduler lists it.
type Job struct {
	ID        JobID
	Name      string
	Tag       Tag
	State     JobState
	Reason    string // in the scheduler's words: Resources, Priority, NonZeroExitCode …
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
	Name          string   // Tag.JobName; for people, and for singleton
	Dir           string   // job directory; exists, 0700; logs go to Dir/log
	Argv          []string // the agent; started on the first node
	Here          bool     // on the controller's own host and outside the cluster's scheduler: clients only
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

// Change is what can be changed on a job that exists. Nil leaves a value as it is.
type Change struct {
	Time *time.Duration // walltime; 0: unlimited
}

// Scheduler starts, stops and lists jobs. drivertest.Scheduler is its contract as tests.
//
// Submit, Cancel, Reconfigure and Fence have effects: the caller holds the lease of the owner's state directory and checks
// it first. Jobs and Ended change nothing and need no lease.
type Scheduler interface {
	// Submit starts a job. Its error is ErrRejected when there is certainly no job,
	// ErrUnavailable when the scheduler was not reached and so there is no job,
	// and anything else (ErrUncertain) when a job is possible.
	Submit(ctx context.Context, spec JobSpec) (JobID, error)
	// Cancel asks for the end of the job if id still carries nonce. It is idempotent: an unknown, finished or foreign
	// id is not an error. ErrUnavailable when the job cannot be reached from here.
	Cancel(ctx context.Context, id JobID, nonce string) error
	// Jobs lists every job whose tag carries owner (a store's id), ended ones as long as the scheduler remembers
	// them: all of them or an error, never a part. A job of which nothing can be known from here is ErrUnavailable.
	// It has no effects: no file changes, no process ends.
	Jobs(ctx context.Context, owner string) ([]Job, error)
}

// Reconfigurer is an optional capability: changing a job in place. A refusal is ErrRejected.
type Reconfigurer interface {
	Reconfigure(ctx context.Context, id JobID, nonce string, change Change) error
}

// Accountant is an optional capability: how a job ended that the listing no longer shows. ErrNotFound when that is not
// known any more.
type Accountant interface {
	Ended(ctx context.Context, id JobID, nonce string) (Job, error)
}

// Fencer is an optional capability: ending what a job left behind. A job that ends without its own word, because what
// supervised it was killed, can leave its servers running.
type Fencer interface {
	// Fence ends every process that the job left behind, and returns nil once none is left. The scheduler must have
	// said before that the job is over: one that still runs is ErrRejected. It is idempotent; an unknown or foreign id
	// is not an error. On any error something may still run, so a replacement has to wait.
	Fence(ctx context.Context, id JobID, nonce string) error
}
