package plan

import "assay/drivers"

// advice is what the user can do, by reason.
var advice = map[Reason]string{
	WaitingForDependency: "a service starts once the services in its dependsOn are Ready: check those first",
	NoJob:                "no job runs for it: the next pass submits one, or the condition Stalled says why not",
	Submitting:           "wait: the job was submitted and the scheduler does not list it yet",
	Pending:              "wait for the scheduler; ask for less (nodes, time), or for another partition or qos",
	AgentStarting:        "wait; if it stays so, read the job's own output: assay logs SERVICE",
	Converging:           "wait: the agent applies the last change",
	Stabilizing:          "wait, or lower ready.stableFor",
	Reallocating:         "wait: the old job ends first, then a new one is submitted",
	Stopping:             "wait: the job is being cancelled",
	BackingOff:           "read why the last job failed: assay logs SERVICE; a corrected manifest is tried at once",
	Making:               "wait: the directory is being created",
	NotObserved:          "wait for the next pass",
	NotProbed:            "wait for the next pass",
	NotYetScraped:        "wait for the next scrape",
	Releasing:            "wait: jobs that are no longer wanted are still ending",
	InProgress:           "wait, or follow it: assay wait experiment/NAME --for=condition=Complete",
	WaitingForTurn:       "wait: another run is measured first",
	WaitingForTarget:     "the target has to be Ready first: assay describe service TARGET",
	WaitingForPoint:      "wait: other points of the sweep come first",
	WaitingForWalltime:   "give the service more time (resources.time), or the benchmark a shorter timeout",

	LimitReached:         "wait, or end other jobs of the account; a limit that is smaller than the job itself keeps it waiting for ever: ask for less",
	PartitionUnavailable: "wait for the administrators, or name another partition (resources.partition)",
	JobSuspended:         "wait until it is resumed (scontrol resume JOB), or cancel the job: its seat is filled again",

	Ready:       "nothing to do",
	AllReady:    "nothing to do",
	Running:     "nothing to do",
	Answering:   "nothing to do",
	Scraped:     "nothing to do",
	Striped:     "nothing to do",
	Settled:     "nothing to do",
	NotStalled:  "nothing to do",
	NoFailure:   "nothing to do",
	RunsEnded:   "read the results: assay report EXPERIMENT",
	AllValid:    "read the results: assay report EXPERIMENT",
	Valid:       "read the results: assay report EXPERIMENT",
	NoResult:    "wait for a run to end",
	RunByOthers: "assay neither starts nor stops this server: ask those who run it",

	SchedulerUnreachable:  "nothing is submitted or cancelled until the scheduler answers again: check it with squeue",
	AgentUnreadable:       "make the file that the message names readable; its job goes on meanwhile",
	PrometheusUnreachable: "check that the Prometheus of the site runs and can be reached from here",
	NoMetrics:             "nothing to do: the service offers no metrics",
	NoTarget:              "wait until the service has an address",
	Unreadable:            "make the directory readable for your user",
	SpaceUnknown:          "drop minFree and minInodes, or use a file system that says how much is free",

	StateUnknown: "look at the job with squeue; use a newer assay if there is one",

	HeldByUser:               "release the job: scontrol release JOB",
	HeldByAdmin:              "ask the administrators to release the job, or cancel it: its seat is filled again",
	NeverFits:                "ask for less (nodes, gpusPerNode, cpusPerNode, memoryPerNode, time), or name another partition, and apply",
	DependencyNeverSatisfied: "remove the dependency from the site's directives, and cancel the job: its seat is filled again",
	Forbidden:                "name an account and a qos that may run it, or ask for less, and apply",
	CompletingTooLong:        "ask the administrators to see to the job's nodes; its seat is filled again once the job has ended",

	ModelMismatch:   "another model answers there: correct the model in the manifest, or the server",
	NoEndpoint:      "wait until every replica answers; the condition Ready says what is missing",
	TargetDown:      "check that the metrics address can be reached from where Prometheus runs",
	TooLittleSpace:  "free some space, or lower minFree",
	TooFewInodes:    "remove some files, or lower minInodes",
	PlainDirectory:  "the directory is not striped: put it on Lustre, or go on if that is meant",
	PruneGuard:      "add --prune if removing every service is meant",
	RestartLimit:    "read the logs (assay logs SERVICE) and apply a corrected manifest, or raise restart.limit",
	InvalidRevision: "apply a manifest that this assay can compile; the message names the field",
	InvalidRun:      "correct what the message names, and change the benchmark's seed to measure it again",
	Invalid:         "correct what the message names, and change the benchmark's seed to measure it again",
	SuiteFailed:     "read the run's log (assay logs RUN), and change the benchmark's seed to try it again",
	TargetStalled:   "correct the target: a changed one is measured anew",
	SweepStopped:    "correct what failed, or set sweep.onFailure to Continue",
	RunTooLong:      "give the target more time (resources.time), or the benchmark a shorter timeout, and change its seed to measure it",
	NotTogether:     "change the seed to measure the benchmarks together again",

	Declared:        "nothing to do",
	Replacement:     "read how the last job ended: assay describe service NAME",
	RunNeedsJob:     "nothing to do",
	SettingsChanged: "nothing to do: nothing restarts",
	ProcessChanged:  "wait: the server restarts inside its allocation",
	Joined:          "nothing to do",
	Left:            "nothing to do",
	RunPlaced:       "nothing to do",
	RunEnded:        "nothing to do",
	ChangeRefused:   "the new settings hold from the next job on; to have them now, end the job: its seat is filled again",
	TimeDeferred:    "nothing to do: the next job has the new limit; to have it now, end the job: its seat is filled again",
	Adopted:         "nothing to do",
	MetricsStored:   "nothing to do: the message names the file",

	TargetReady: "nothing to do",
	Placed:      "nothing to do",
	Started:     "nothing to do",
	Completed:   "read the result: assay describe run NAME",
	Superseded:  "nothing to do: the newest revision is measured instead",
	Lost:        "nothing to do while it is tried again; else read why its job ended, and change the benchmark's seed to try it again",

	Removed:     "nothing to do: it is no longer declared",
	ScaledDown:  "nothing to do: fewer replicas are declared",
	Reallocated: "wait: a job of the declared size follows",
	Suspended:   "to go on, set suspend to false and apply",
	Deleted:     "nothing to do: results, logs and history are kept",
	Done:        "nothing to do: every run has ended and whenDone is Stop",
	Duplicate:   "nothing to do: the oldest job of a seat is kept",

	ReadinessDeadline: "read why the probes fail (assay logs SERVICE), or raise ready.within",
	CrashLoop:         "read why the process ends: assay logs SERVICE",
	AgentLost:         "check the node of the job: the agent no longer reports",

	NeverSubmitted:  "nothing to do: it is submitted again",
	SubmitRejected:  "correct what the scheduler refuses: partition, qos, account, time or nodes",
	CancelledByHand: "nothing to do: it is submitted again; to stop it, remove it from the manifest or set suspend",
	TimeLimit:       "nothing to do: it is submitted again; raise resources.time to be interrupted less often",
	NodeFail:        "nothing to do: it is submitted again",
	BootFail:        "nothing to do: it is submitted again; if it stays so, tell the administrators which nodes do not come up",
	LaunchFailed:    "nothing to do: it is submitted again; if it stays so, check that the state directory exists on the nodes",
	Preempted:       "nothing to do: it is submitted again; a qos of higher priority is not preempted",
	Requeued:        "nothing to do: another job takes its place",
	Deadline:        "raise the deadline that the site's directives set",
	Signalled:       "nothing to do: it is submitted again; to stop it, remove it from the manifest or set suspend",
	OutOfMemory:     "raise resources.memoryPerNode",
	JobFailed:       "read the job's output: assay logs SERVICE",
	Vanished:        "nothing to do: it is submitted again; the scheduler forgot the job",
	Ended:           "nothing to do: the agent ended in order",

	SubmitFailed:      "correct what the scheduler refuses; an outcome that is unknown resolves itself",
	AdoptFailed:       "make the state directory writable",
	CancelFailed:      "wait; if it stays so, cancel the job by hand",
	CloseFailed:       "make the state directory writable",
	ReconfigureFailed: "wait; the job keeps its settings meanwhile",
	InstructFailed:    "make the state directory writable",
	CreateRunFailed:   "make the state directory writable",
	UpdateRunFailed:   "make the state directory writable",
	ForgetFailed:      "make the state directory writable",
	MakeFolderFailed:  "make the parent directory writable, or declare another path",
	DropFolderFailed:  "remove the directory by hand if the message says that it is not assay's",
	ExportFailed:      "make room in the state directory; the metrics stay in Prometheus until its retention ends",

	CommandNotFound: "correct the command or the image: the node has no such program",
	Missing:         "fetch the images of the manifest (assay pull -f FILE), or correct the path",
	ProbeFailing:    "wait until the server answers its probes; if it stays so: assay logs SERVICE",

	Reason(drivers.JobCompleting): "wait: the job is ending",
	Reason(drivers.JobFailed):     "read the output: assay logs SERVICE",
	Reason(drivers.JobCancelled):  "nothing to do",
}

// Advice is one line that says what the user can do about a reason. For a word of another layer that is not listed here it
// is empty: the message that goes with it says more.
func Advice(r Reason) string { return advice[r] }

// notDone maps each verb to the reason of the event that says it could not be done.
var notDone = map[Verb]Reason{
	Submit: SubmitFailed, Adopt: AdoptFailed, Cancel: CancelFailed, Close: CloseFailed, Reconfigure: ReconfigureFailed, Instruct: InstructFailed,
	CreateRun: CreateRunFailed, UpdateRun: UpdateRunFailed, Forget: ForgetFailed, MakeFolder: MakeFolderFailed, DropFolder: DropFolderFailed, Export: ExportFailed,
}

// Failed is the reason of an action that could not be carried out.
func (v Verb) Failed() Reason { return notDone[v] }
