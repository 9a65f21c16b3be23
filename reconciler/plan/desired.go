package plan

import (
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/decide"
)

// Desired is what users want: the newest accepted revision of every experiment, compiled.
type Desired struct {
	Store       string // id of the state directory; jobs with another id are never touched
	Policy      Policy
	ScrapeToken string       // file of the token that agents' metrics ask for
	Experiments []Experiment // by name
}

// Policy holds the numbers that rules use.
type Policy struct {
	Settle      time.Duration // how long a submission can be missing from listings; default 30s on Slurm
	Stale       time.Duration // an agent without a heartbeat for so long is lost; default 30s
	BackoffMax  time.Duration // longest wait between two jobs of one seat; default 5m
	Proven      time.Duration // a job that was Ready and lived so long does not count as a failure; default 10m
	RunAttempts int           // how often a run is tried that the infrastructure loses; default 4
	Away        time.Duration // after so long without a heartbeat nothing runs any more on a host that cannot be seen; default 1m
	Hold        time.Duration // how long seats that a source lost together are kept although a second source gives them up; default 30m
	OfService   int           // how many seats of a service assay replaces on its own at a time; default 1
	OneIn       int           // one in so many of all running seats, and at least one, is replaced at a time; default 5
}

// Experiment is one compiled revision.
type Experiment struct {
	Name       string
	Site       string
	Owner      string // "apply", or the followed source that it belongs to
	Revision   string
	Generation int64
	// Incarnation is raised when an experiment is applied again after it was deleted: its runs are done anew.
	Incarnation int64
	Commit      string
	Suspend     bool
	StopDone    bool // whenDone: Stop
	Prune       bool // this revision may delete every seat that exists
	Deleting    bool // `assay delete`: everything goes, then the experiment is forgotten
	Budget      Budget
	Waits       []string // limits of the site beyond which it is known to ask: the scheduler lets its jobs wait for them
	Services    []Service
	Benchmarks  []Benchmark
	// Points are those of a sweep, in the order of serving. With points, Services and Benchmarks are set by AtPoints.
	Points        []Point
	StopOnFailure bool // a failed run ends the sweep

	Schedule Schedule  // when everything is measured again; nil: never
	Accepted time.Time // before that nothing is due
	Round    time.Time // the time whose measurement is wanted, set from the runs (schedule.go); zero: the first one

	Wanted *Wanted // the runs that it wants, worked out once by Prepare; nil: worked out in every pass
}

// Service is one declared service, compiled: what to submit and what to run in it. An external one and a directory have
// no seats.
type Service struct {
	Name       string
	Group      string // services of one group share one allocation; empty: one of its own
	Kind       string // vllm | chroma | lustre | monitors | process | gateway | external
	Simulated  bool
	Model      string
	URL        string           // external only
	Lustre     *v1alpha1.Lustre // lustre only
	DependsOn  []string
	Forwards   []string                     // gateway only: the services that it passes requests to
	Slots      int                          // replicas; of a scaled service at least so many
	Scale      *Scale                       // by which metric it has more of them; nil: none
	Job        drivers.JobSpec              // template; Tag, Name and Dir are filled in per seat
	NodeGPUs   int                          // of a node, where jobs get nodes whole: they are used whether they are asked for or not
	WholeNodes bool                         // a job gets its nodes whole: CPUs and memory need not be counted
	Processes  []drivers.Process            // the first is the endpoint; each has a fingerprint of its own
	Telemetry  map[string]drivers.Telemetry // relay -> what it leads to
	// Certificate is the file of what the ports of Telemetry ask for.
	Certificate string
	Alloc       string        // fingerprint: a change means a new job
	Proc        string        // fingerprint of all processes: a change restarts those that changed, in their allocation
	Settings    string        // fingerprint: a change is applied in place
	Within      time.Duration // readiness deadline
	StableFor   time.Duration
	Restarts    int             // how many jobs in a row can fail before the service is Stalled
	Backoff     time.Duration   // before the second job; doubled each time
	Exposed     drivers.Exposed // what others can do to it; unset: nothing that is known
	Renew       Renew           // what follows a job that reaches its walltime
	Fence       time.Duration   // how long a replacement waits for the end of a server that may still own the data
}

// Renew says what follows a job that reaches its walltime.
type Renew struct {
	Policy string        // v1alpha1.Overlap, Recreate (also when it is empty) or Never
	Before time.Duration // how long before the end the next job is submitted; 0: from what queue and start took
	Drain  time.Duration // how long the old job goes on after the next one has taken over
	Times  int           // most walltimes that follow the first; 0: no bound
	Extend bool          // the site may give a running job another walltime in place
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
	Name         string
	Target       string
	Other        string        // the service that is measured in turn with Target; empty: none
	Repeats      int           // of all deployments together
	Design       decide.Design // how they are spread over deployments, and whether they may end early; zero: one deployment
	Decides      []Bound       // with Design.Early: what decides
	Timeout      time.Duration
	RetryInvalid int // how often an invalid repeat is done again by itself
	// Together is a word: benchmarks that share it are measured at the same time. Empty: measured alone.
	Together string
	Search   *Search              // it looks for the highest load that keeps an objective, and its runs follow from that
	Spec     string               // fingerprint of the suite's parameters
	Request  drivers.SuiteRequest // template; Run, Repeat, Endpoints, Overlaps, Seed are filled in per run
	OwnJob   bool                 // its runs get jobs of their own
	Job      drivers.JobSpec      // template for those
	NodeGPUs int                  // as that of Service
}

// Bound is what a metric must keep: at most Limit (Sign 1) or at least (Sign -1). With Sign 0 the comparison of the two
// targets by that metric decides.
type Bound struct {
	Metric      string // as in result.json
	Limit, Sign float64
}
