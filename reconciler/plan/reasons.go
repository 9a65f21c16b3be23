package plan

import "assay/drivers"

// Reason is a CamelCase word that says why: of a condition, an event, an action or an end. Programs may compare it, with
// these constants; people read the message that goes with it, and Advice.
type Reason string

// Every reason there is, but for the words of other layers: a scheduler's states and its reasons for pending jobs, the
// agent's reasons for its processes, a suite's reasons against the validity of a result, and its words for what it lost.
const (
	// What a service, a run or a directory waits for, in the order in which it comes about.
	WaitingForDependency Reason = "WaitingForDependency"
	NoJob                Reason = "NoJob"
	Submitting           Reason = "Submitting"
	Pending              Reason = "Pending"
	AgentStarting        Reason = "AgentStarting"
	Converging           Reason = "Converging"
	Stabilizing          Reason = "Stabilizing"
	Reallocating         Reason = "Reallocating"
	Stopping             Reason = "Stopping"
	BackingOff           Reason = "BackingOff"
	Making               Reason = "Making"
	NotObserved          Reason = "NotObserved"
	NotProbed            Reason = "NotProbed"
	NotYetScraped        Reason = "NotYetScraped"
	Releasing            Reason = "Releasing"
	InProgress           Reason = "InProgress"
	WaitingForTurn       Reason = "WaitingForTurn"
	WaitingForTarget     Reason = "WaitingForTarget"
	WaitingForPoint      Reason = "WaitingForPoint"
	WaitingForWalltime   Reason = "WaitingForWalltime"
	WaitingForBudget     Reason = "WaitingForBudget"
	LimitReached         Reason = "LimitReached"
	BudgetExceeded       Reason = "BudgetExceeded"
	PartitionUnavailable Reason = "PartitionUnavailable"
	JobSuspended         Reason = "JobSuspended"
	WaitingForFence      Reason = "WaitingForFence"

	// What is as declared.
	Ready       Reason = "Ready"
	AllReady    Reason = "AllReady"
	Running     Reason = "Running"
	Answering   Reason = "Answering"
	Scraped     Reason = "Scraped"
	Striped     Reason = "Striped"
	Settled     Reason = "Settled"
	NotStalled  Reason = "NotStalled"
	NoFailure   Reason = "NoFailure"
	RunsEnded   Reason = "RunsEnded"
	AllValid    Reason = "AllValid"
	Valid       Reason = "Valid"
	NoResult    Reason = "NoResult"
	RunByOthers Reason = "External"
	InSync      Reason = "InSync"
	SearchFound Reason = "SearchFound"
	BudgetKept  Reason = "BudgetKept"

	// What cannot be known now.
	SchedulerUnreachable  Reason = "SchedulerUnreachable"
	AgentUnreadable       Reason = "AgentUnreadable"
	AgentSilent           Reason = "AgentSilent"
	HeartbeatsAtFault     Reason = "HeartbeatsAtFault"
	ProbesAtFault         Reason = "ProbesAtFault"
	PrometheusAtFault     Reason = "PrometheusAtFault"
	PrometheusUnreachable Reason = "PrometheusUnreachable"
	NoMetrics             Reason = "NoMetrics"
	NoTarget              Reason = "NoTarget"
	Unreadable            Reason = "Unreadable"
	SpaceUnknown          Reason = "SpaceUnknown"
	SourceUnreadable      Reason = "SourceUnreadable"
	StateUnknown          Reason = "StateUnknown"

	// What needs an action of the user.
	ModelMismatch   Reason = "ModelMismatch"
	NoEndpoint      Reason = "NoEndpoint"
	TargetDown      Reason = "TargetDown"
	TooLittleSpace  Reason = "TooLittleSpace"
	TooFewInodes    Reason = "TooFewInodes"
	PlainDirectory  Reason = "PlainDirectory"
	PruneGuard      Reason = "PruneGuard"
	RestartLimit    Reason = "RestartLimit"
	InvalidRevision Reason = "InvalidRevision"
	RunsUnreadable  Reason = "RunsUnreadable" // the files of its runs
	InvalidRun      Reason = "InvalidRun"
	Invalid         Reason = "Invalid"
	SuiteFailed     Reason = "SuiteFailed"
	TargetStalled   Reason = "TargetStalled"
	SweepStopped    Reason = "SweepStopped"

	// How a search ends without an answer: see search.go.
	SearchUndecided Reason = "SearchUndecided"
	SearchAbove     Reason = "SearchAbove"   // the highest load of its range keeps the objective
	SearchBelow     Reason = "SearchBelow"   // the lowest does not
	SearchStopped   Reason = "SearchStopped" // by a run that cannot be judged
	SearchBudget    Reason = "SearchBudget"

	NotTogether     Reason = "NotTogether"
	OutOfSync       Reason = "OutOfSync"
	BrokenCommit    Reason = "BrokenCommit"
	BrokenEdit      Reason = "BrokenEdit"
	EditRefused     Reason = "EditRefused"
	AnotherOwner    Reason = "AnotherOwner"
	SiteNotTaken    Reason = "SiteNotTaken"
	RunTooLong      Reason = "RunTooLong"
	DamagedRecord   Reason = "DamagedRecord"
	StateUnwritable Reason = "StateUnwritable"

	// What others can do to a service: see Protected. InsecureRay is one, too.
	NoKey     Reason = drivers.ExposedNoKey
	OnNode    Reason = drivers.ExposedOnNode
	OpenRanks Reason = drivers.ExposedRanks

	// Why a job neither runs nor ends until a person acts.
	HeldByUser               Reason = "HeldByUser"
	HeldByAdmin              Reason = "HeldByAdmin"
	NeverFits                Reason = "NeverFits"
	DependencyNeverSatisfied Reason = "DependencyNeverSatisfied"
	Forbidden                Reason = "Forbidden"
	CompletingTooLong        Reason = "CompletingTooLong"

	// Why a job is submitted, changed or instructed.
	Declared        Reason = "Declared"
	Replacement     Reason = "Replacement"
	RunNeedsJob     Reason = "RunNeedsJob"
	SettingsChanged Reason = "SettingsChanged"
	ProcessChanged  Reason = "ProcessChanged"
	Redeployed      Reason = "Redeployed"
	Joined          Reason = "Joined"
	Left            Reason = "Left"
	RunPlaced       Reason = "RunPlaced"
	RunEnded        Reason = "RunEnded"
	ChangeRefused   Reason = "ChangeRefused"
	TimeDeferred    Reason = "TimeDeferred"
	Adopted         Reason = "Adopted"
	MetricsStored   Reason = "MetricsStored"

	// What becomes of the number of a scaled service, and why it stays: see scale.go. ScaledDown is one, too.
	ScaledUp         Reason = "ScaledUp"
	AsAsked          Reason = "AsAsked"
	WithinTolerance  Reason = "WithinTolerance"
	WaitingForWindow Reason = "WaitingForWindow"
	CoolingDown      Reason = "CoolingDown"
	AtMaximum        Reason = "AtMaximum"
	AtMinimum        Reason = "AtMinimum"
	LimitedByQOS     Reason = "LimitedByQOS"
	NoneReady        Reason = "NoneReady"
	MetricUnknown    Reason = "MetricUnknown"
	MetricStale      Reason = "MetricStale"

	// What becomes of a run.
	TargetReady Reason = "TargetReady"
	Placed      Reason = "Placed"
	Started     Reason = "Started"
	Completed   Reason = "Completed"
	Superseded  Reason = "Superseded"
	Lost        Reason = "Lost"

	// Why a run that has ended does not count, and is done again: see again.go.
	InvalidRetried Reason = "InvalidRetried"
	AskedAgain     Reason = "AskedAgain"
	AskedExactly   Reason = "AskedExactly"
	PartnerLost    Reason = "PartnerLost"
	NotWanted      Reason = "NotWanted"

	// What a run has lost, so that it is done again: see lost.go.
	NotBegun           Reason = "NotBegun"
	TargetLost         Reason = "TargetLost"
	TargetNotReady     Reason = "TargetNotReady"
	DiskFull           Reason = drivers.LostDisk
	ReadOnlyFileSystem Reason = drivers.LostWrites
	FileSystemLost     Reason = drivers.LostFileSystem

	// Why assay ends a job: the declaration no longer asks for it.
	Removed     Reason = "Removed"
	ScaledDown  Reason = "ScaledDown"
	Reallocated Reason = "Reallocated"
	Suspended   Reason = "Suspended"
	Deleted     Reason = "Deleted"
	Done        Reason = "Done"
	Duplicate   Reason = "Duplicate"

	// Why assay ends a job: nothing runs in it any more.
	AgentEnded Reason = "AgentEnded"

	// Why assay ends a job: the service failed. These ends count towards the restart limit, see backoff.go.
	ReadinessDeadline Reason = "ReadinessDeadline"
	CrashLoop         Reason = "CrashLoop"
	AgentLost         Reason = "AgentLost"

	// How a job ended because of the scheduler, a node or the walltime: no failure of the service, see ends.go.
	TimeLimit    Reason = "TimeLimit"
	HandedOver   Reason = "HandedOver" // the next job of its place serves, and this one had time to finish
	NodeFail     Reason = "NodeFail"
	BootFail     Reason = "BootFail"
	LaunchFailed Reason = "LaunchFailed"
	Preempted    Reason = "Preempted"
	Requeued     Reason = "Requeued"
	Deadline     Reason = "Deadline"

	// How a job ended otherwise. The scheduler's own states are added in Advice.
	NeverSubmitted  Reason = "NeverSubmitted"
	SubmitRejected  Reason = "SubmitRejected"
	CancelledByHand Reason = "CancelledByHand"
	Signalled       Reason = "Signalled"
	OutOfMemory     Reason = "OutOfMemory"
	JobFailed       Reason = "JobFailed"
	Vanished        Reason = "Vanished"
	Ended           Reason = "Ended"
	Disowned        Reason = "Disowned"

	// How it became known, or did not, that a job that ended without its agent's word left nothing running.
	Acknowledged Reason = "Acknowledged"
	Fenced       Reason = "Fenced"
	FenceExpired Reason = "FenceExpired"
	Unverified   Reason = "Unverified"

	// Around the end of a walltime.
	Extended      Reason = "Extended"      // the walltime of the present job is lengthened in place
	Renewed       Reason = "Renewed"       // of a submission: the walltime of the present job ends soon
	WaitingForRun Reason = "WaitingForRun" // the next job is Ready, and a run measures the present one
	NotNeeded     Reason = "NotNeeded"     // a next job that the manifest no longer wants
	Expired       Reason = "Expired"       // renew.policy is Never, and the walltime is over
	RenewalLimit  Reason = "RenewalLimit"

	// What could not be done. It is tried again in the next pass.
	SubmitFailed      Reason = "SubmitFailed"
	AdoptFailed       Reason = "AdoptFailed"
	CancelFailed      Reason = "CancelFailed"
	CloseFailed       Reason = "CloseFailed"
	FenceFailed       Reason = "FenceFailed"
	HandOverFailed    Reason = "HandOverFailed"
	ExtendFailed      Reason = "ExtendFailed"
	ExtensionRefused  Reason = "ExtensionRefused" // by the scheduler: another job follows instead
	ReconfigureFailed Reason = "ReconfigureFailed"
	InstructFailed    Reason = "InstructFailed"
	CreateRunFailed   Reason = "CreateRunFailed"
	UpdateRunFailed   Reason = "UpdateRunFailed"
	PlaceRunFailed    Reason = "PlaceRunFailed"
	SetAsideFailed    Reason = "SetAsideFailed"
	DropRerunFailed   Reason = "DropRerunFailed"
	ForgetFailed      Reason = "ForgetFailed"
	MakeFolderFailed  Reason = "MakeFolderFailed"
	DropFolderFailed  Reason = "DropFolderFailed"
	ExportFailed      Reason = "ExportFailed"
	TakeBackFailed    Reason = "TakeBackFailed"
	RememberFailed    Reason = "RememberFailed"
	UnlearnFailed     Reason = "UnlearnFailed"

	// The agent's, repeated here because rules decide by them.
	CommandNotFound Reason = drivers.ReasonCommandNotFound
	Missing         Reason = drivers.ReasonMissing
	InsecureRay     Reason = drivers.ReasonInsecureRay
	ProbeFailing    Reason = drivers.ReasonProbeFailing
	NotAnswering    Reason = drivers.ReasonNotAnswering
	PortTaken       Reason = drivers.ReasonPortTaken
	Restarted       Reason = drivers.ReasonRestarted
	ReadyAgain      Reason = drivers.ReasonReadyAgain
	GivenUp         Reason = drivers.ReasonGivenUp
)
