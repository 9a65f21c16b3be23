package plan

import (
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// Observed is the world at one moment. Everything in it was read; nothing is assumed.
type Observed struct {
	Now      time.Time
	Listing  Listing
	Attempts []Attempt        // open ones and the recent ended ones, from the store, oldest first
	Agents   map[string]Agent // by nonce
	// Acknowledged are the nonces of ended attempts whose agents have said since that everything has ended.
	Acknowledged map[string]bool
	Runs         []Run               // those that are open, oldest first; ended ones among them count as well
	Past         map[string]*Past    // by experiment: the runs that have ended
	Unread       map[string]error    // experiments whose runs could not be read: leave them out
	Reruns       []Rerun             // what users asked for again, from the store
	Externals    map[string]External // by experiment/service
	Folders      map[string]Folder   // by experiment/service: what lustre services declare
	Records      []FolderRecord      // folders that were asked for once, from the store
	Absent       map[string]bool     // of the paths that processes need, those that do not exist
	Exported     map[string]bool     // experiment@generation whose metrics are stored
	Metrics      Metrics
	Scaled       map[string]Scaled                    // by experiment/service: what is remembered of scaled services
	Answers      map[string]Answer                    // by experiment/service: what Prometheus last said to their metrics
	Sources      []Source                             // followed folders and repositories
	Previous     map[string]v1alpha1.ExperimentStatus // as last published; for transition times only
	Busy         map[drivers.Seat]bool                // an effect is under way there, so nothing is decided about them
	Fences       bool                                 // the scheduler can end what a lost job left behind
	Forgotten    map[string]Usage                     // by owner of a source with a budget: what its deleted experiments used
	Reading      bool                                 // the actions are not carried out, so the status must not say that they are
}

// Listing is the scheduler's answer. With Err set, Jobs is meaningless: Unknown, not empty.
type Listing struct {
	At    time.Time // just before the scheduler was asked
	Since time.Time // since when this controller has had answers without a break; a call from before can still take effect
	Clock time.Time // since when this controller's clock has not been set: times from before do not compare with now
	Err   string
	Jobs  []drivers.Job
	// Ending is how long jobs that are Completing have been so, by this controller's own clock.
	Ending map[drivers.JobID]time.Duration
}

// Attempt is one submission: the intent, and what became of it. It is written before sbatch runs and occupies its
// seat until it has an End.
type Attempt struct {
	Nonce       string          `json:"nonce"`
	Seat        drivers.Seat    `json:"seat"`
	Number      int             `json:"number"` // of this seat, from 1
	Experiment  string          `json:"experiment"`
	Revision    string          `json:"revision"`
	Alloc       string          `json:"alloc"`                // fingerprint that was submitted
	Base        string          `json:"base,omitempty"`       // fingerprint of what no size changes: partition, account …
	Size        Size            `json:"size,omitzero"`        // what the job holds
	Members     []string        `json:"members,omitempty"`    // services that were to run in it when it was submitted
	Settings    string          `json:"settings"`             // fingerprint last applied to the job
	Time        drivers.Seconds `json:"time,omitempty"`       // declared walltime that was last decided on
	Limit       drivers.Seconds `json:"limit,omitempty"`      // walltime that the scheduler last accepted from us; 0: its default, or not recorded
	Run         string          `json:"run,omitempty"`        // the run that this job is for; empty for services
	Begun       time.Time       `json:"begun"`                // intent written
	JobID       drivers.JobID   `json:"jobID,omitempty"`      // known once acknowledged or adopted
	Submitted   time.Time       `json:"submitted,omitzero"`   // when the id became known, or the submission became uncertain
	Error       string          `json:"error,omitempty"`      // of an uncertain submission
	Cancelled   Reason          `json:"cancelled,omitempty"`  // why we cancelled it; empty: we did not
	CancelledAt time.Time       `json:"cancelledAt,omitzero"` // when we last did
	HandedOver  time.Time       `json:"handedOver,omitzero"`  // when the job that follows it took over; it drains from then on
	Renewals    int             `json:"renewals,omitempty"`   // walltimes in a row before this one
	Extended    int             `json:"extended,omitempty"`   // walltimes that the job got in place, on top of its first one
	Unextended  string          `json:"unextended,omitempty"` // the scheduler's answer when it refused another one
	Refused     string          `json:"refused,omitempty"`    // the scheduler's answer when it refused a change in place
	Changed     time.Time       `json:"changed,omitzero"`     // when the scheduler last accepted a limit from us; older listings do not show it
	Deferred    string          `json:"deferred,omitempty"`   // why the declared time was not asked for in place
	Spec        string          `json:"spec,omitempty"`       // fingerprint of all that was to run in it
	Holds       Holds           `json:"holds,omitzero"`       // what its job keeps from others
	Before      Usage           `json:"before,omitzero"`      // what earlier attempts of the seat used, all together
	End         *End            `json:"end,omitempty"`
	Damaged     string          `json:"-"`                // why its record cannot be read; what is known then is in damage.go
	Fenced      Reason          `json:"fenced,omitempty"` // of an end that was not said: how the doubt about it ended, see fence.go
}

// End is how an attempt ended.
type End struct {
	State   drivers.JobState `json:"state"`
	Reason  Reason           `json:"reason"`
	Message string           `json:"message,omitempty"`
	At      time.Time        `json:"at"`
	Failure bool             `json:"failure"`          // counts towards the cap
	Spec    string           `json:"spec"`             // as in Attempt, at that time: failures of another spec do not count
	Unsaid  bool             `json:"unsaid,omitempty"` // its agent had not said that it ended, so what it ran may still run
	Queued  drivers.Seconds  `json:"queued,omitempty"` // how long it waited for its nodes; 0: not known
	Start   drivers.Seconds  `json:"start,omitempty"`  // how long the servers took until they were Ready; 0: not known
	Used    Usage            `json:"used,omitzero"`    // by its job
	Nodes   []string         `json:"nodes,omitempty"`  // on which it may; of an end that a node is to blame for: the suspects
}

// Agent is what the agent of a job should do, and what it reports.
type Agent struct {
	Desired  drivers.AgentDesired // as on disk; zero when nothing was written yet
	State    *drivers.AgentState  // nil: no report yet
	Err      string               // its files could not be read; Desired and State are then those that were last read
	Torn     string               // desired.json is damaged: why; Desired is what the agent reports then
	NoNews   string               // its report is torn: why; State is the last one that was read, nil when there is none
	StillFor time.Duration        // since its heartbeat last changed, by the observer's own clock, while the observer looked
	Doubts   map[string]string    // process -> why its report is not believed: the agent is silent, and the server does not answer

	// Servers is what they said when they were asked from here because the agent is silent: Answers when one does, Refuses
	// when all that were Ready were asked and none did. Without one that was Ready the agent's own port is asked.
	Servers    Word
	RefusedFor time.Duration // how long Servers has been Refuses
	Answer     string        // the error that goes with Refuses and Unasked
}

// Run is one recorded run. It is recorded (durably) before an agent learns of it.
type Run struct {
	ID         string               `json:"id"` // <benchmark>-<repeat>-<first 8 of key>[-<attempt>]
	Experiment string               `json:"experiment"`
	Benchmark  string               `json:"benchmark"`
	Target     string               `json:"target"`
	Point      map[string]string    `json:"point,omitempty"`   // the sweep's parameters of this run
	Repeat     int                  `json:"repeat"`            // from 1
	Round      time.Time            `json:"round,omitzero"`    // the time of the schedule that asked for it (schedule.go); zero: none did
	Attempt    int                  `json:"attempt"`           // of this key, from 1
	Tries      []Try                `json:"tries,omitempty"`   // earlier attempts that were lost, since the user last asked (lost.go)
	Retries    int                  `json:"retries,omitempty"` // earlier attempts that were invalid, since the user last asked (again.go)
	Replays    string               `json:"replays,omitempty"` // the run whose requests it sends again, byte for byte
	Key        string               `json:"key"`
	Revision   string               `json:"revision"`
	Commit     string               `json:"commit,omitempty"`
	Phase      string               `json:"phase"` // v1alpha1.Run*
	Reason     Reason               `json:"reason,omitempty"`
	Message    string               `json:"message,omitempty"`
	Nonce      string               `json:"nonce,omitempty"` // the job that runs it; empty until one is chosen
	JobID      string               `json:"jobID,omitempty"`
	Nodes      []string             `json:"nodes,omitempty"`
	Limit      drivers.Seconds      `json:"limit,omitempty"`
	Given      *drivers.RunTarget   `json:"given,omitempty"`      // what it measures; set when its turn has come (turn.go)
	Measures   []string             `json:"measures,omitempty"`   // nonces of the attempts whose servers it measures
	Deployment string               `json:"deployment,omitempty"` // which start of those servers: see deploy.go; empty: not known
	Seed       int64                `json:"seed,omitempty"`       // of its requests
	Decides    []string             `json:"decides,omitempty"`    // metrics that may end its repeats early
	Uses       []string             `json:"uses,omitempty"`       // what nobody else may measure at the same time: hosts, servers, directories
	Simulated  bool                 `json:"simulated"`
	Dir        string               `json:"-"` // absolute; from the store
	Created    time.Time            `json:"created"`
	Ended      time.Time            `json:"ended,omitzero"`
	Result     *drivers.SuiteResult `json:"-"`              // from result.json, when it is there
	Claim      *drivers.Claim       `json:"-"`              // from claim.json, when it is there
	Open       bool                 `json:"open,omitempty"` // it has ended, and its job may still become known (attribution.go)
}

// Try is an attempt at a run that was lost.
type Try struct {
	Run     string `json:"run"`
	Reason  Reason `json:"reason"`
	Message string `json:"message"`
}

// Rerun is a run that the user asks for again.
type Rerun struct {
	Experiment, Run string
	Exact           bool // with the same requests, byte for byte
}

// External is a server that assay does not run, as probed from here.
type External struct {
	Ready   bool
	Message string
	Models  []string
}

// Size is what an allocation holds. Zero is the scheduler's default.
type Size struct {
	Nodes  int   `json:"nodes"`
	GPUs   int   `json:"gpus,omitempty"`   // per node
	CPUs   int   `json:"cpus,omitempty"`   // per node
	Memory int64 `json:"memory,omitempty"` // bytes per node
}

// Folder is a directory target as seen from here.
type Folder struct {
	Err        string // it could not be read
	Exists     bool
	Ours       bool   // made by assay for this service
	Striped    bool   // on Lustre, striped as declared or as it was given
	Message    string // about the file system
	FreeBytes  int64  // quota included; -1: unknown
	FreeInodes int64
}

// FolderRecord remembers a directory that a service asked for, so that it can be removed when the service is gone.
type FolderRecord struct {
	Experiment string          `json:"experiment"`
	Service    string          `json:"service"`
	Spec       v1alpha1.Lustre `json:"spec"`
}

// Metrics is Prometheus' answer. With Err set nothing is known.
type Metrics struct {
	Err     string
	Targets map[string]drivers.Health // by target id
	Down    map[string]time.Duration  // of targets that are not up: since when, by the observer's own clock
}
