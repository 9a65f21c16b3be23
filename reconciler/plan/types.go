package plan

import (
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// Desired is what users want: the newest accepted revision of every experiment, compiled.
type Desired struct {
	Store       string // id of the state directory; jobs with another one are strangers
	Policy      Policy
	Experiments []Experiment // by name
}

// Policy holds the numbers that rules use.
type Policy struct {
	Settle      time.Duration // how long an acknowledged or uncertain submission may stay invisible; default 30s on Slurm
	Stale       time.Duration // an agent whose beat stood still for so long is lost; default 30s
	BackoffMax  time.Duration // longest wait between two jobs of one seat; default 5m
	Proven      time.Duration // a job that was Ready and lived so long does not count as a failure; default 10m
	RunAttempts int           // how often a run whose job died is tried; default 3
}

// Experiment is one compiled revision.
type Experiment struct {
	Name       string
	Site       string
	Revision   string
	Generation int64
	// Incarnation tells an experiment that was deleted and applied again from the first one: its runs are done anew.
	Incarnation int64
	Commit      string
	Suspend     bool
	StopDone    bool // whenDone: Stop
	Prune       bool // this revision may delete every seat that exists
	Deleting    bool // `assay delete`: everything goes, then the experiment is forgotten
	Services    []Service
	Benchmarks  []Benchmark
	// Points are those of a sweep, in the order of serving. With points, Services and Benchmarks are set by AtPoints.
	Points        []Point
	StopOnFailure bool // a failed run ends the sweep
}

// Service is one declared service, compiled: what to submit and what to run in it. An external one and a directory have
// no seats.
type Service struct {
	Name       string
	Group      string // services of one group share one allocation; empty: one of its own
	Kind       string // vllm | chroma | lustre | monitors | process | external
	Simulated  bool
	Model      string
	URL        string           // external only
	Lustre     *v1alpha1.Lustre // lustre only
	DependsOn  []string
	Slots      int                          // replicas
	Job        drivers.JobSpec              // template; Tag, Name and Dir are filled in per seat
	WholeNodes bool                         // a job gets its nodes whole: CPUs and memory need not be counted
	Processes  []drivers.Process            // the first is the endpoint; each has a fingerprint of its own
	Telemetry  map[string]drivers.Telemetry // relay -> what it leads to
	Alloc      string                       // fingerprint: a change means a new job
	Proc       string                       // fingerprint of all processes: a change restarts those that changed, in their allocation
	Settings   string                       // fingerprint: a change is applied in place
	Within     time.Duration                // readiness deadline
	StableFor  time.Duration
	Restarts   int           // how many jobs in a row may fail before the service is Stalled
	Backoff    time.Duration // before the second job; doubled each time
}

// TokenFile holds the token that the service asks of its clients; empty when it asks for none.
func (s Service) TokenFile() string {
	for _, p := range s.Processes {
		if p.Token != "" {
			return p.Secrets[p.Token]
		}
	}
	return ""
}

// Benchmark is one declared benchmark, compiled.
type Benchmark struct {
	Name    string
	Target  string
	Repeats int
	Timeout time.Duration
	// Together is a word: benchmarks that share it are measured at the same time. Empty: alone.
	Together string
	Spec     string               // fingerprint of the suite's parameters
	Request  drivers.SuiteRequest // template; Run, Repeat, Endpoints, Overlaps, Seed are filled in per run
	OwnJob   bool                 // its runs get jobs of their own
	Job      drivers.JobSpec      // template for those
}

// Observed is the world at one moment. Everything in it was read; nothing is assumed.
type Observed struct {
	Now       time.Time
	Listing   Listing
	Attempts  []Attempt                            // open ones and the recent ended ones, from the store, oldest first
	Agents    map[string]Agent                     // by nonce
	Runs      []Run                                // all of the experiments', oldest first
	Externals map[string]External                  // by experiment/service
	Folders   map[string]Folder                    // by experiment/service: what lustre services declare, looked at
	Records   []FolderRecord                       // folders that were asked for once, from the store
	Absent    map[string]bool                      // of the paths that processes need, those that do not exist
	Exported  map[string]bool                      // experiment@generation whose metrics are stored
	Metrics   Metrics                              //
	Previous  map[string]v1alpha1.ExperimentStatus // what was last said, for transition times only
}

// Listing is the scheduler's answer. With Err set, Jobs is meaningless: Unknown, not empty.
type Listing struct {
	At    time.Time // just before the scheduler was asked
	Since time.Time // since when this controller has had answers without a break: what was asked for before may still come true
	Err   string
	Jobs  []drivers.Job
}

// Attempt is one submission: the intent, and what became of it. It is written before sbatch runs and occupies its
// seat until it has an End.
type Attempt struct {
	Nonce       string        `json:"nonce"`
	Seat        drivers.Seat  `json:"seat"`
	Number      int           `json:"number"` // of this seat, from 1
	Experiment  string        `json:"experiment"`
	Revision    string        `json:"revision"`
	Alloc       string        `json:"alloc"`                // fingerprint that was submitted
	Base        string        `json:"base,omitempty"`       // fingerprint of what no size changes: partition, account …
	Size        Size          `json:"size,omitzero"`        // what the job holds
	Members     []string      `json:"members,omitempty"`    // services that were to run in it when it was submitted
	Settings    string        `json:"settings"`             // fingerprint last applied to the job
	Run         string        `json:"run,omitempty"`        // the run that this job is for; empty for services
	Begun       time.Time     `json:"begun"`                // intent written
	JobID       drivers.JobID `json:"jobID,omitempty"`      // known once acknowledged or adopted
	Submitted   time.Time     `json:"submitted,omitzero"`   // when the id became known, or the submission became uncertain
	Error       string        `json:"error,omitempty"`      // of an uncertain submission
	Cancelled   Reason        `json:"cancelled,omitempty"`  // reason for which we asked for its end
	CancelledAt time.Time     `json:"cancelledAt,omitzero"` // when we last did
	Refused     string        `json:"refused,omitempty"`    // the scheduler's word on a change in place that it refused
	Spec        string        `json:"spec,omitempty"`       // fingerprint of all that was to run in it
	End         *End          `json:"end,omitempty"`
}

// End is how an attempt ended.
type End struct {
	State   drivers.JobState `json:"state"`
	Reason  Reason           `json:"reason"`
	Message string           `json:"message,omitempty"`
	At      time.Time        `json:"at"`
	Failure bool             `json:"failure"` // counts towards the cap
	Spec    string           `json:"spec"`    // as in Attempt, at that time: failures of another spec do not count
}

// Agent is what the agent of a job says, and what it was last told.
type Agent struct {
	Desired  drivers.AgentDesired // as on disk; zero when nothing was written yet
	State    *drivers.AgentState  // nil: nothing said yet
	Err      string               // its files could not be read
	StillFor time.Duration        // how long the beat has stood still, by the observer's own clock
}

// Run is one recorded run. It is created (durably) before an agent is told of it.
type Run struct {
	ID         string               `json:"id"` // <benchmark>-<repeat>-<first 8 of key>[-<attempt>]
	Experiment string               `json:"experiment"`
	Benchmark  string               `json:"benchmark"`
	Target     string               `json:"target"`
	Point      map[string]string    `json:"point,omitempty"` // the sweep's parameters of this run
	Repeat     int                  `json:"repeat"`          // from 1
	Attempt    int                  `json:"attempt"`         // from 1
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
	Simulated  bool                 `json:"simulated"`
	Dir        string               `json:"-"` // absolute; from the store
	Created    time.Time            `json:"created"`
	Ended      time.Time            `json:"ended,omitzero"`
	Result     *drivers.SuiteResult `json:"-"` // from result.json, when it is there
	Claim      *drivers.Claim       `json:"-"` // from claim.json, when it is there
}

// External is a server that somebody else runs, as probed from here.
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
	Err        string // it could not be looked at
	Exists     bool
	Ours       bool   // made by assay for this service
	Striped    bool   // on Lustre, striped as declared or as it was given
	Message    string // what there is to say about the file system
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
}

// Verb is what to do.
type Verb string

// The verbs. Each is one effect, and each may be repeated without harm.
const (
	Submit      Verb = "Submit"      // Attempt, Job, Desired: begin the attempt, write desired.json, submit
	Adopt       Verb = "Adopt"       // Attempt, JobID: write down the id of an attempt's job
	Cancel      Verb = "Cancel"      // Nonce, JobID: note the reason, then cancel
	Close       Verb = "Close"       // Nonce, End: the attempt is over, the seat is free
	Reconfigure Verb = "Reconfigure" // Nonce, JobID, Change, Settings
	Instruct    Verb = "Instruct"    // Nonce, Desired: replace desired.json
	CreateRun   Verb = "CreateRun"   // Run, Request
	UpdateRun   Verb = "UpdateRun"   // Run: as it is to be from now on
	Forget      Verb = "Forget"      // Experiment: all that was to be deleted is gone
	MakeFolder  Verb = "MakeFolder"  // Folder: record it, then make it
	DropFolder  Verb = "DropFolder"  // Folder: remove it if it is ours, then its record
	Export      Verb = "Export"      // Experiment, Generation: store its metrics in a file
)

// Action is one thing to do, with the reason that a user sees.
type Action struct {
	Verb       Verb
	Experiment string
	Object     string // service/NAME or run/ID
	Reason     Reason // CamelCase
	Message    string // a sentence

	Seat       drivers.Seat
	Nonce      string // of the attempt concerned; empty for Submit: the store makes it
	JobID      drivers.JobID
	Attempt    *Attempt              // Submit: template without nonce and times
	Job        *drivers.JobSpec      // Submit: Tag.Nonce and Dir are filled in by the executor
	Desired    *drivers.AgentDesired // Submit, Instruct: generation and nonce are filled in by the executor
	Change     *drivers.Change
	Settings   string // Reconfigure: fingerprint that holds once it is done
	End        *End
	Run        *Run
	Request    *drivers.SuiteRequest
	Folder     *FolderRecord
	Generation int64 // Export
}

// Result is what to do now, what to say, and when to look again. Actions are in the order to do them.
type Result struct {
	Actions  []Action
	Status   []v1alpha1.ExperimentStatus // by name
	Targets  []drivers.Target            // what Prometheus should scrape
	NextPass time.Time                   // make the next pass then at the latest; zero: when something happens
}

// Step is one line of `assay plan`: what applying would do to an object, as a whole.
type Step struct {
	Symbol  string // Create, Destroy, Replace, RestartProcess, Update, StartRun
	Object  string // experiment/service/slot or experiment/benchmark/repeat
	Reason  string
	Details []string // field: old -> new, where known
}
