package drivers

import (
	"encoding/json"
	"time"
)

// AgentDesired is desired.json of a job directory: what this allocation should run now. The controller replaces
// the file atomically; the agent converges to it. Mode 0600.
type AgentDesired struct {
	Generation int64     `json:"generation"` // raised with every change
	Nonce      string    `json:"nonce"`
	Processes  []Process `json:"processes,omitempty"`
	Runs       []Run     `json:"runs,omitempty"`
	// ExitWhenDone ends the job (exit 0) once every run has ended; for jobs that hold only runs.
	ExitWhenDone bool `json:"exitWhenDone,omitempty"`
}

// Process is one supervised server.
//
// In Argv, Env and probe paths the words $(PORT), $(HOST), $(NODE), $(DATA) and $(ASSAY) are replaced by the
// agent: the allocated port, the address to listen on, the node's name, a data directory that the agent makes under Work,
// and the path of the assay binary. Nothing else is expanded and no shell is involved.
type Process struct {
	Name        string            `json:"name"`        // the service
	Fingerprint string            `json:"fingerprint"` // a different one restarts the process
	Argv        []string          `json:"argv"`
	Env         map[string]string `json:"env,omitempty"`
	Port        int               `json:"port,omitempty"`    // 0: allocate a free one
	Data        string            `json:"data,omitempty"`    // absolute path for $(DATA); made 0700
	Probes      []Probe           `json:"probes"`            // all must pass for Ready
	Metrics     string            `json:"metrics,omitempty"` // HTTP path to scrape
	Restart     Restart           `json:"restart"`
	Grace       Seconds           `json:"grace"` // between SIGTERM and SIGKILL
}

// Restart bounds restarts inside the allocation: the n-th waits Backoff*2^(n-1), at most 5 minutes;
// after Limit restarts the process is Failed. A process that was Ready for 10 minutes starts counting anew.
type Restart struct {
	Limit   int     `json:"limit"`
	Backoff Seconds `json:"backoff"`
}

// Seconds is a duration in JSON as a plain number of seconds.
type Seconds float64

// Std is s as the standard library's type.
func (s Seconds) Std() time.Duration { return time.Duration(float64(s) * float64(time.Second)) }

// SecondsOf converts.
func SecondsOf(d time.Duration) Seconds { return Seconds(d.Seconds()) }

// Probe is one readiness check. With an empty Path the port must accept a TCP connection; otherwise GET Path must
// answer 2xx within Timeout, and, when Model is set, be an OpenAI model list that holds it.
type Probe struct {
	Path    string  `json:"path,omitempty"`
	Model   string  `json:"model,omitempty"`
	Timeout Seconds `json:"timeout,omitempty"` // default 5
}

// Run is one benchmark run placed in this allocation. The agent executes it at most once, whatever happens: it
// claims Dir/claim.json with O_EXCL first, then starts `assay suite Dir`, which writes Dir/result.json.
type Run struct {
	ID     string  `json:"id"`
	Dir    string  `json:"dir"`    // the run's directory; holds request.json (SuiteRequest)
	Cancel bool    `json:"cancel"` // stop it
	Limit  Seconds `json:"limit"`  // SIGTERM after this time
}

// Process phases, in the agent's words.
const (
	PhaseStarting   = "Starting"   // running, not all probes pass yet
	PhaseReady      = "Ready"      // all probes pass
	PhaseRestarting = "Restarting" // waits for its backoff, or is being replaced
	PhaseFailed     = "Failed"     // restart limit reached; not tried again
	PhaseStopped    = "Stopped"
)

// AgentState is state.json of a job directory: what the agent sees. Replaced atomically, at least every Beat.
// Times are lengths, never clock readings: clocks of other machines are not trusted.
type AgentState struct {
	Nonce      string         `json:"nonce"`
	JobID      string         `json:"jobID,omitempty"`
	Generation int64          `json:"generation"` // of the desired.json last acted upon
	Beat       uint64         `json:"beat"`       // counts up while the agent lives
	Node       string         `json:"node"`
	Nodes      []NodeState    `json:"nodes,omitempty"`
	Processes  []ProcessState `json:"processes,omitempty"`
	Runs       []RunState     `json:"runs,omitempty"`
	Error      string         `json:"error,omitempty"` // what keeps the agent from converging
	End        *AgentEnd      `json:"end,omitempty"`   // set once, when the agent exits
}

// NodeState is one node of the allocation. Metrics is the URL of its hardware counters.
type NodeState struct {
	Name    string `json:"name"`
	Metrics string `json:"metrics,omitempty"`
	Error   string `json:"error,omitempty"`
}

// ProcessState is one supervised server.
type ProcessState struct {
	Name        string   `json:"name"`
	Fingerprint string   `json:"fingerprint"`
	Phase       string   `json:"phase"`
	Reason      string   `json:"reason,omitempty"` // CamelCase: Exited, Signalled, ProbeFailing, CommandNotFound …
	Message     string   `json:"message,omitempty"`
	Endpoint    string   `json:"endpoint,omitempty"` // http://host:port, from when the port is allocated
	Metrics     string   `json:"metrics,omitempty"`  // URL
	Models      []string `json:"models,omitempty"`   // as the server lists them
	PID         int      `json:"pid,omitempty"`
	Restarts    int      `json:"restarts"`           // since this fingerprint started
	PhaseFor    Seconds  `json:"phaseFor"`           // time in this phase
	WasReady    bool     `json:"wasReady,omitempty"` // this fingerprint has been Ready once
	Exit        *Exit    `json:"exit,omitempty"`     // the last end
	Log         string   `json:"log,omitempty"`      // file, relative to the job directory
}

// Exit is how a process ended.
type Exit struct {
	Code   int    `json:"code"`
	Signal string `json:"signal,omitempty"`
}

// RunState is a run as the agent sees it; Phase is one of v1alpha1's run phases Pending, Running, Complete, Failed, Superseded.
type RunState struct {
	ID       string `json:"id"`
	Phase    string `json:"phase"`
	Progress string `json:"progress,omitempty"`
	Message  string `json:"message,omitempty"`
}

// AgentEnd says how the agent ended.
type AgentEnd struct {
	Reason  string `json:"reason"` // Done | Signalled | Failed
	Message string `json:"message,omitempty"`
}

// Files of a job directory and of a run directory.
const (
	DesiredFile  = "desired.json"
	StateFile    = "state.json"
	LogDir       = "log"
	RequestFile  = "request.json"
	ClaimFile    = "claim.json"
	ProgressFile = "progress"
	ResultFile   = "result.json"
)

// Claim is claim.json: which agent took a run. Created once, before the suite starts.
type Claim struct {
	Nonce string `json:"nonce"`
	JobID string `json:"jobID,omitempty"`
	Node  string `json:"node"`
}

// Equal reports whether two desired states ask for the same, generations aside.
func (d AgentDesired) Equal(o AgentDesired) bool {
	d.Generation, o.Generation = 0, 0
	a, errA := json.Marshal(d)
	b, errB := json.Marshal(o)
	return errA == nil && errB == nil && string(a) == string(b)
}
