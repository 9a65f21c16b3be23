package plan

import (
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// Verb is what to do.
type Verb string

// The verbs. Each is one effect and can be repeated without harm.
const (
	Submit      Verb = "Submit"      // Attempt, Job, Desired: begin the attempt, write desired.json, submit
	Adopt       Verb = "Adopt"       // Attempt, JobID: write down the id of an attempt's job
	Cancel      Verb = "Cancel"      // Nonce, JobID: note the reason, then cancel
	Close       Verb = "Close"       // Nonce, End: the attempt is over, the seat is free
	Extend      Verb = "Extend"      // Nonce, JobID, Change: a longer walltime of a running job
	HandOver    Verb = "HandOver"    // Nonce: the job that follows serves from now on; this one drains
	Fence       Verb = "Fence"       // Nonce: note why nothing is waited for any more: it has ended, or its time is over
	Reconfigure Verb = "Reconfigure" // Nonce, JobID, Change (none of time: the scheduler is not asked), Settings, Time, Deferred
	Instruct    Verb = "Instruct"    // Nonce, Desired: replace desired.json
	CreateRun   Verb = "CreateRun"   // Run, Request
	PlaceRun    Verb = "PlaceRun"    // Run: complete its request with Run.Given; its agent may learn of it from then on
	UpdateRun   Verb = "UpdateRun"   // Run: as it is to be from now on
	SetAside    Verb = "SetAside"    // Run: its id, and the phase, reason and message with which it no longer counts
	DropRerun   Verb = "DropRerun"   // Experiment, Rerun: what the user asked for again has begun, or cannot
	Forget      Verb = "Forget"      // Experiment: all that was to be deleted is gone
	MakeFolder  Verb = "MakeFolder"  // Folder: record it, then make it
	DropFolder  Verb = "DropFolder"  // Folder: remove it if it is ours, then its record
	Export      Verb = "Export"      // Experiment, Generation: store its metrics in a file
	TakeBack    Verb = "TakeBack"    // Nonce: it does not leave, and serves on
	Remember    Verb = "Remember"    // Scaled: replaces what is remembered of its service
	Unlearn     Verb = "Unlearn"     // Scaled: is remembered no more
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
	Settings   string          // Reconfigure: fingerprint that holds once it is done
	Time       drivers.Seconds // Reconfigure: the declared time that Settings stand for
	Deferred   string          // Reconfigure: why the declared time holds from the next job on
	End        *End
	Fence      bool // Close: the job was lost, so what it left behind is ended first
	Run        *Run
	Request    *drivers.SuiteRequest
	Rerun      Rerun // DropRerun
	Folder     *FolderRecord
	Generation int64   // Export
	Scaled     *Scaled // Remember, Unlearn
	Quiet      bool    // done, it is no event
}

// Result is what to do now, what to publish, and when to make the next pass. Actions are in the order to do them.
type Result struct {
	Actions  []Action
	Status   []v1alpha1.ExperimentStatus // by name
	Targets  []drivers.Target            // what Prometheus should scrape
	NextPass time.Time                   // make the next pass then at the latest; zero: when something happens
}

// Step is one line of `assay plan`: what applying would do to an object, as a whole.
type Step struct {
	Symbol  string   `json:"symbol"` // Create, Destroy, Replace, RestartProcess, Update, StartRun
	Object  string   `json:"object"` // experiment/service/slot or experiment/benchmark/repeat
	Reason  string   `json:"reason"`
	Details []string `json:"details,omitempty"` // field: old -> new, where known
}
