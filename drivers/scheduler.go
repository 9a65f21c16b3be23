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
	JobPending      JobState = "Pending"
	JobRunning      JobState = "Running"
	JobSuspended    JobState = "Suspended"
	JobCompleting   JobState = "Completing" // ending; its nodes are not free yet
	JobUnknown      JobState = "Unknown"    // the scheduler used a word that this assay does not know; Job.Reason holds it
	JobCompleted    JobState = "Completed"
	JobFailed       JobState = "Failed"
	JobTimeout      JobState = "Timeout"
	JobCancelled    JobState = "Cancelled"
	JobOutOfMemory  JobState = "OutOfMemory"
	JobNodeFail     JobState = "NodeFail"     // a node was lost while the job ran
	JobBootFail     JobState = "BootFail"     // a node did not come up for the job
	JobLaunchFailed JobState = "LaunchFailed" // the node could not start the job: prolog, credentials, a missing folder
	JobPreempted    JobState = "Preempted"
	JobDeadline     JobState = "Deadline"
	JobVanished     JobState = "Vanished" // a successful listing no longer has it, and how it ended is unknown
)

// Terminal reports whether the job is over.
func (s JobState) Terminal() bool {
	switch s {
	case JobPending, JobRunning, JobSuspended, JobCompleting, JobUnknown:
		return false
	}
	return true
}

// Block is what keeps a pending job from starting apart from the queue, in one vocabulary for all schedulers. Empty: the
// job waits for its turn.
type Block string

// The blocks.
const (
	BlockHeldByUser  Block = "HeldByUser"  // until its user releases it
	BlockHeldByAdmin Block = "HeldByAdmin" // until an administrator, or the scheduler's own rule, releases it
	BlockTooLarge    Block = "TooLarge"    // no node or partition can ever hold what it asks for
	BlockDependency  Block = "Dependency"  // it depends on a job that ended otherwise
	BlockPolicy      Block = "Policy"      // the account, the quality of service or the association forbids it for good
	BlockLimit       Block = "Limit"       // a limit of the quality of service or the association is used up by other jobs
	BlockPartition   Block = "Partition"   // the partition, the reservation or its nodes are not available at present
)

// Final reports whether a job that is blocked so never starts until a person changes something.
func (b Block) Final() bool {
	switch b {
	case BlockHeldByUser, BlockHeldByAdmin, BlockTooLarge, BlockDependency, BlockPolicy:
		return true
	}
	return false
}

// Job is one job as the scheduler lists it.
type Job struct {
	ID     JobID
	Name   string
	Tag    Tag
	State  JobState
	Reason string // in the scheduler's words: Resources, Priority, NonZeroExitCode …
	Block  Block  // of a pending job
	// LaunchBlamed is set on a Failed job when the scheduler blames its launch. It says the same of a job whose command
	// died of a signal, so an agent that has reported proves the contrary.
	LaunchBlamed bool
	Away         string // host of an Unknown job whose processes cannot be seen from here, and whose agent still can be
	Nodes        []string
	Submitted    time.Time     // zero when unknown; not stable across requeues
	Expected     time.Time     // of a pending job: when the scheduler expects to start it; zero: it does not say
	Started      time.Time     // zero until it runs
	Ends         time.Time     // zero when unknown or unlimited; of a job that is ending: when it began to end, if that is known
	Signalled    time.Time     // when the scheduler first tells the job that its time is over; zero: at Ends
	Limit        time.Duration // 0 when unlimited
	Exit         int           // exit code, once terminal
	Signal       int           // ending signal, once terminal
}

// UsableUntil is when the job's time is over for those who use it: at the scheduler's first signal. Zero when unknown or
// unlimited.
func (j Job) UsableUntil() time.Time {
	if !j.Signalled.IsZero() {
		return j.Signalled
	}
	return j.Ends
}

// JobSpec is one submission.
type JobSpec struct {
	Tag           Tag
	Name          string   // Tag.JobName; for people, and for singleton
	Dir           string   // job directory; exists, 0700; what the job prints goes to JobLog in it
	Argv          []string // the agent; started on the first node
	Here          bool     // on the controller's own host and outside the cluster's scheduler: clients only
	Nodes         int
	Partition     string
	QOS           string
	Account       string
	Reservation   string
	GPUsPerNode   int
	GRES          string        // the scheduler's name for the GPUs, such as gpu:a100; empty: gpu
	CPUsPerNode   int           // 0: the scheduler's default
	MemoryPerNode int64         // bytes; 0: the scheduler's default
	Time          time.Duration // walltime; 0: the scheduler's default
	Modules       []string
	Directives    []string // extra sbatch options, verbatim
	Exclude       []string // nodes to stay away from, where the scheduler can do without them
}

// Change is what can be changed on a job that exists. Nil leaves a value as it is; the zero Change asks for nothing.
type Change struct {
	Time *time.Duration // walltime; 0: unlimited
	// Was is the walltime that the job had when Time was decided; 0: not known. Where others can change it, a job that has
	// another one by now is left as it is: ErrUnavailable, so that the jobs are listed again before anything is decided.
	Was time.Duration
}

// Scheduler starts, stops and lists jobs. drivertest.Scheduler is its contract as tests.
//
// Submit, Cancel, Reconfigure and Fence have effects: the caller holds the lease of the owner's state directory and checks
// it first. Jobs and Ended change nothing and need no lease. Calls come from several goroutines at once, those with an effect
// on one job or one seat one after the other.
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
	// is not an error, and without an id whatever carries the nonce is ended. On any error something may still run, so a
	// replacement has to wait; errors.ErrUnsupported: this scheduler cannot do it for that job.
	Fence(ctx context.Context, id JobID, nonce string) error
}

// Estimator is an optional capability: when a job would start if it was submitted now.
type Estimator interface {
	// Estimate submits nothing. ErrRejected when the scheduler would refuse the job, ErrUnavailable when it was not reached
	// or said nothing that is understood.
	Estimate(ctx context.Context, spec JobSpec) (Estimate, error)
}

// Estimate is a scheduler's guess of a job's start. It knows the jobs that run and wait now, and takes each to need its
// whole time limit.
type Estimate struct {
	Start time.Time // by the scheduler's clock, to the second
	Asked time.Time // by this machine's clock, when the answer came
	Nodes []string
}
