package v1alpha1

import "time"

// Condition types. Every condition is True, False or Unknown; Unknown is never False.
const (
	Ready         = "Ready"         // service, experiment
	Reconciling   = "Reconciling"   // service, experiment
	Stalled       = "Stalled"       // service, experiment: nothing more happens until the spec changes
	Scheduled     = "Scheduled"     // service: reason is the scheduler's own while it is pending
	EndpointReady = "EndpointReady" // service
	Scraped       = "Scraped"       // service
	Protected     = "Protected"     // service: False, with what others can do to it; absent: assay knows of nothing
	Striped       = "Striped"       // lustre service: False on a file system that is not Lustre
	Complete      = "Complete"      // run, benchmark, experiment
	Synced        = "Synced"        // experiment of a followed source: it is as the source has it
	Failed        = "Failed"        // run, benchmark
	Valid         = "Valid"         // run, benchmark
	WithinBudget  = "WithinBudget"  // experiment that has a budget: False when a job is not submitted because of it
)

// Condition statuses.
const (
	True    = "True"
	False   = "False"
	Unknown = "Unknown"
)

// Condition is one statement about an object, with its reason.
type Condition struct {
	Type               string    `json:"type"`
	Status             string    `json:"status"`
	Reason             string    `json:"reason"` // CamelCase
	Message            string    `json:"message,omitempty"`
	LastTransitionTime time.Time `json:"lastTransitionTime"`
	ObservedGeneration int64     `json:"observedGeneration,omitempty"`
}

// Find returns the condition of that type, or one that is Unknown with reason NotObserved.
func Find(cs []Condition, typ string) Condition {
	for _, c := range cs {
		if c.Type == typ {
			return c
		}
	}
	return Condition{Type: typ, Status: Unknown, Reason: "NotObserved"}
}

// ExperimentStatus is everything known about one experiment; it is rebuilt from the store and the cluster.
type ExperimentStatus struct {
	Name       string            `json:"name"`
	Site       string            `json:"site,omitempty"`
	Revision   string            `json:"revision"`   // hash of the resolved spec
	Generation int64             `json:"generation"` // number of the revision, from 1
	Suspended  bool              `json:"suspended,omitempty"`
	Deleting   bool              `json:"deleting,omitempty"`
	Observed   time.Time         `json:"observed"`           // when the world was observed, by the clock of who observed it
	Answered   int64             `json:"answered,omitempty"` // number of the last request for a fresh observation that had been made before
	Conditions []Condition       `json:"conditions"`
	Services   []ServiceStatus   `json:"services,omitempty"`
	Benchmarks []BenchmarkStatus `json:"benchmarks,omitempty"`
	Schedule   *ScheduleStatus   `json:"schedule,omitempty"` // of one that is measured again and again
	Runs       []RunStatus       `json:"runs,omitempty"`
	Spending   []SpendingStatus  `json:"spending,omitempty"` // against its own budget, and that of its source
	Written    time.Time         `json:"-"`                  // when its file was written; of one that is not read from a file it is zero
}

// ScheduleStatus says when an experiment is measured again.
type ScheduleStatus struct {
	Next  time.Time  `json:"next"`            // when it is due next
	Round *time.Time `json:"round,omitempty"` // when the measurement was due that is under way, or ended last; none: it was due at no time yet
	Due   *time.Time `json:"due,omitempty"`   // since when one is due that waits for the end of another
}

// ServiceStatus sums up a service over its seats.
type ServiceStatus struct {
	Name       string       `json:"name"`
	Kind       string       `json:"kind"` // vllm | chroma | lustre | monitors | process | gateway | external
	Simulated  bool         `json:"simulated,omitempty"`
	Conditions []Condition  `json:"conditions"`
	Replicas   int          `json:"replicas"`
	Ready      int          `json:"readyReplicas"`
	Restarts   int          `json:"restarts"`
	Seats      []SeatStatus `json:"seats,omitempty"`
	Scale      *ScaleStatus `json:"scale,omitempty"` // of one that a metric scales
}

// ScaleStatus says why a service has the number of replicas that it has.
type ScaleStatus struct {
	Min      int        `json:"min"`
	Max      int        `json:"max"`
	Metric   string     `json:"metric"` // PromQL
	Target   float64    `json:"target"`
	Value    *float64   `json:"value,omitempty"`    // the last answer that counted
	Answered *time.Time `json:"answered,omitempty"` // when it was given
	Asked    int        `json:"asked,omitempty"`    // how many replicas it asks for, before any bound
	Changed  *time.Time `json:"changed,omitempty"`  // when the number last changed
	Reason   string     `json:"reason"`             // why it changed then, or why it stays
	Message  string     `json:"message,omitempty"`
	Leaving  []string   `json:"leaving,omitempty"` // ids of jobs that leave and finish what they were asked
}

// SeatStatus is one place of a service and the job that fills it. Addresses are empty until the live job reports them.
type SeatStatus struct {
	Seat      string            `json:"seat"`            // experiment/group/slot, and /1 in the second seat of its place
	Nonce     string            `json:"nonce,omitempty"` // identity of the attempt
	JobID     string            `json:"jobID,omitempty"`
	JobState  string            `json:"jobState,omitempty"`
	Reason    string            `json:"reason,omitempty"` // the scheduler's, or ours
	Phase     string            `json:"phase,omitempty"`  // the agent's word for the process
	Ready     bool              `json:"ready"`
	Nodes     []string          `json:"nodes,omitempty"`
	Endpoint  string            `json:"endpoint,omitempty"`  // URL
	Endpoints map[string]string `json:"endpoints,omitempty"` // component -> URL, of a service of several processes
	Metrics   string            `json:"metrics,omitempty"`   // URL
	PID       int               `json:"pid,omitempty"`
	Restarts  int               `json:"restarts"`
	Startup   *Startup          `json:"startup,omitempty"`
	Last      *End              `json:"last,omitempty"`      // why it was restarted the last time
	Work      *Work             `json:"work,omitempty"`      // what it is at before it is Ready, where its length is known
	Submitted *time.Time        `json:"submitted,omitempty"` // of a job that waits
	Expected  *time.Time        `json:"expected,omitempty"`  // when the scheduler expects to start it
	Started   *time.Time        `json:"started,omitempty"`
	Ends      *time.Time        `json:"ends,omitempty"`     // when the walltime is over
	Dir       string            `json:"dir,omitempty"`      // job directory
	Next      *NextJob          `json:"next,omitempty"`     // the job that takes over before the walltime ends, once it is submitted
	Renewal   *RenewalStatus    `json:"renewal,omitempty"`  // what is known of the end of its walltime
	Draining  string            `json:"draining,omitempty"` // id of the job that this one took over from, while it finishes its requests
	Ending    string            `json:"ending,omitempty"`   // another job of this place that was cancelled and has not ended, and why it was cancelled
}

// Work is how far the start of a server is, in its own words.
type Work struct {
	What  string  `json:"what"` // weights or graphs
	Done  float64 `json:"done"`
	Total float64 `json:"total"`
}

// Startup is what the start of a server took, in seconds. Weights and Compile are parts of Serve, where the server said them.
type Startup struct {
	Queue   float64 `json:"queue"`            // from the submission of its job to the start
	Failed  float64 `json:"failed,omitempty"` // starts that ended before it was Ready, and the waits after them
	Prepare float64 `json:"prepare"`          // until the server was started: image, Ray cluster
	Serve   float64 `json:"serve"`            // from then until its probes passed
	Weights float64 `json:"weights,omitempty"`
	Compile float64 `json:"compile,omitempty"`
}

// RenewalStatus says when the walltime of a seat's job is renewed, and why then.
type RenewalStatus struct {
	Policy   string   `json:"policy"`             // Overlap, Recreate or Never
	Before   Duration `json:"before"`             // so long before its end, another walltime is asked for or the next job is submitted
	Queued   Duration `json:"queued"`             // the longest that the present job and the last ones waited for their nodes
	Start    Duration `json:"start"`              // the longest that their servers took until they were Ready
	Jobs     int      `json:"jobs"`               // of which both are known
	Done     int      `json:"done"`               // walltimes that followed the first one
	Times    int      `json:"times,omitempty"`    // most of them; 0: no bound
	Extended int      `json:"extended,omitempty"` // of them, those that the present job got in place
	Refused  string   `json:"refused,omitempty"`  // the scheduler's answer when it refused another one for this job
}

// NextJob is the job that follows another one in its place.
type NextJob struct {
	JobID   string   `json:"jobID,omitempty"`
	Nodes   []string `json:"nodes,omitempty"`
	Ready   bool     `json:"ready"`
	Reason  string   `json:"reason"`
	Message string   `json:"message,omitempty"`
}

// End is how a server ended without a request to.
type End struct {
	Reason  string    `json:"reason"` // CamelCase: Exited, Signalled, WorkerDied, ProbeFailing …
	Message string    `json:"message"`
	At      time.Time `json:"at"`
}

// BenchmarkStatus sums up a benchmark over its runs.
type BenchmarkStatus struct {
	Name       string         `json:"name"`
	Target     string         `json:"target"`
	Runs       int            `json:"runs"`
	Done       int            `json:"done"`
	Failed     int            `json:"failed,omitempty"` // of those that are done
	Conditions []Condition    `json:"conditions"`
	Searches   []SearchStatus `json:"searches,omitempty"` // of a benchmark with a search: at each point of the sweep
}

// Run phases.
const (
	RunPending    = "Pending"    // recorded; the agent has not started it yet
	RunRunning    = "Running"    // claimed by the agent
	RunComplete   = "Complete"   // the suite ended and wrote a result
	RunFailed     = "Failed"     // the suite ended with an error
	RunSuperseded = "Superseded" // a newer revision disturbed it; never counted
	RunLost       = "Lost"       // its job ended first; tried again as another attempt
)

// RunStatus is one repeat of one benchmark at one point.
type RunStatus struct {
	ID         string             `json:"id"`
	Benchmark  string             `json:"benchmark"`
	Point      map[string]string  `json:"point,omitempty"` // the sweep's parameters, by short name
	Repeat     int                `json:"repeat"`          // from 1
	Key        string             `json:"key"`
	Revision   string             `json:"revision"`
	Commit     string             `json:"commit,omitempty"`
	Phase      string             `json:"phase"`
	Reason     string             `json:"reason,omitempty"`
	Progress   string             `json:"progress,omitempty"`
	JobID      string             `json:"jobID,omitempty"`
	Started    *time.Time         `json:"started,omitempty"`
	Ended      *time.Time         `json:"ended,omitempty"`
	Simulated  bool               `json:"simulated"`
	Metrics    map[string]float64 `json:"metrics,omitempty"`
	Conditions []Condition        `json:"conditions"`
	Dir        string             `json:"dir,omitempty"`
}
