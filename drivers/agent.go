package drivers

import (
	"strings"
	"syscall"
	"time"

	"assay/api/v1alpha1"
)

// AgentDesired is desired.json of a job directory: what this allocation should run now. The controller replaces
// the file atomically; the agent converges to it. Mode 0600.
type AgentDesired struct {
	Generation int64     `json:"generation"`      // raised with every change
	Since      int64     `json:"since,omitempty"` // the generation with which Processes last changed in what Serves compares
	Nonce      string    `json:"nonce"`
	Processes  []Process `json:"processes,omitempty"`
	Runs       []Run     `json:"runs,omitempty"`
	// Token is the file of the token that the agent's metrics ask for; empty: they are for nobody.
	Token string `json:"token,omitempty"`
	// Relays are addresses (host:port) that can change: the agent forwards a stable port of 127.0.0.1 to each, for the
	// programs of its own user. With RelayKey, the file of a Certificate, both ends of the way there prove that they have it.
	Relays   map[string]string `json:"relays,omitempty"`
	RelayKey string            `json:"relayKey,omitempty"`
	// Stop says why this attempt is over, as far as the controller knows. The agent then ends everything at once, says so in
	// state.json (EndStopped) and exits. Once it is set, nothing else of the file counts.
	Stop string `json:"stop,omitempty"`
	// ExitWhenDone ends the job (exit 0) once every run has ended; for jobs that hold only runs.
	ExitWhenDone bool `json:"exitWhenDone,omitempty"`
}

// Process is one supervised server: a service, or one component of it.
//
// In Argv, Step, Env, Files, Cluster, Cleanup and probe paths these words are replaced by the agent; nothing else is expanded and
// no shell is involved:
//
//	$(PORT)               the allocated port; $(PORT:x) a further one, called x
//	$(PORT@p) $(PORT:x@p) those of process p of the same job
//	$(HOST)               the address to listen on
//	$(NODE) $(ADDR)       this node's name, and the name under which other nodes reach it
//	$(DATA) $(CONF)       the data directory, made 0700; the directory that holds Files, made 0700
//	$(PASSWORD) $(BASIC) $(BCRYPT) $(CERTIFICATE) $(SCRAPE)   in Files and Env only: what is in the file Password; it with its
//	                      user, in base64; its hash; what is in the file Certificate; the token of AgentDesired.Token
//	$(RELAY:x)            the port on 127.0.0.1 from which the agent forwards to AgentDesired.Relays[x]
//	$(ASSAY) $(NONCE)     the assay binary; the identity of this job
type Process struct {
	Name        string            `json:"name"`        // SERVICE, or SERVICE.COMPONENT
	Fingerprint string            `json:"fingerprint"` // a different one restarts the process
	Argv        []string          `json:"argv"`
	Step        []string          `json:"step,omitempty"` // options of srun: Argv, and Ranks.Others, are steps of the job with these
	Env         map[string]string `json:"env,omitempty"`
	Secrets     map[string]string `json:"secrets,omitempty"`     // variable -> file (0600) that holds its value
	Token       string            `json:"token,omitempty"`       // the variable of Secrets that probes send as bearer token
	Password    string            `json:"password,omitempty"`    // file (0600) of a random password of the user PasswordUser; made once
	Certificate string            `json:"certificate,omitempty"` // file (0600) of a certificate with its key, for both ends of a connection; made once
	Private     bool              `json:"private,omitempty"`     // the agent fetches Metrics, with Password or Token, and serves them with its own counters
	Protected   map[string]string `json:"protected,omitempty"`   // how each port keeps strangers out, by name ("": the main one); one of ByToken …
	Port        int               `json:"port,omitempty"`        // 0: allocate a free one
	GPUs        int               `json:"gpus,omitempty"`        // of each node; 0: all of the job's, as the scheduler gave them
	Data        string            `json:"data,omitempty"`        // absolute path for $(DATA)
	Owner       string            `json:"owner,omitempty"`       // content of the marker in $(DATA); plan fills it in
	Generate    []string          `json:"generate,omitempty"`    // files below $(DATA), 0600, that hold a random password; made once
	Files       []File            `json:"files,omitempty"`
	Dashboards  string            `json:"dashboards,omitempty"` // folder below $(CONF) that gets assay's Grafana dashboards
	Targets     string            `json:"targets,omitempty"`    // file below $(CONF) that gets what to scrape, in file_sd's form; plan fills it in
	Upstreams   string            `json:"upstreams,omitempty"`  // file below $(CONF) that gets the servers of a gateway (UpstreamText); plan fills it in
	Reload      string            `json:"reload,omitempty"`     // HTTP path to POST to when Files change, and nothing else; empty: the process restarts
	Needs       []string          `json:"needs,omitempty"`      // paths that must exist, such as an image
	Fetched     []string          `json:"fetched,omitempty"`    // those of Needs that assay fetched: nobody but this user and root may be able to change them
	Versions    *Versions         `json:"versions,omitempty"`
	Image       string            `json:"image,omitempty"`   // what it runs in: a file, or podman's name of an image; only told
	Weights     *Weights          `json:"weights,omitempty"` // that it reads; only told
	Ask         []string          `json:"ask,omitempty"`     // argv that prints its version; only told
	Door        *Door             `json:"-"`                 // service.UnderParents makes it part of Argv
	Cluster     *Cluster          `json:"cluster,omitempty"`
	Ranks       *Ranks            `json:"ranks,omitempty"`
	Cleanup     []string          `json:"cleanup,omitempty"`  // argv that is run after the process has ended
	Textfile    string            `json:"textfile,omitempty"` // absolute path of metrics that the agent serves with its own counters
	Probes      []Probe           `json:"probes"`             // all must pass for Ready
	Metrics     string            `json:"metrics,omitempty"`  // HTTP path to scrape
	Restart     Restart           `json:"restart"`
	Live        Live              `json:"live,omitzero"`
	Grace       Seconds           `json:"grace"` // between SIGTERM and SIGKILL
}

// Service is the service that the process belongs to.
func (p Process) Service() string {
	name, _, _ := strings.Cut(p.Name, ".")
	return name
}

// File is one file below $(CONF), replaced by rename, 0600. Words in Content are expanded.
type File struct {
	Path    string `json:"path"`
	Content string `json:"content"`
}

// Door is a process of assay in front of a server that does not ask every client for a key: it listens on the main port, and
// the server on Port of 127.0.0.1. It lets in connections whose first request carries the value of the process' Token.
type Door struct {
	Port string // name of the further port on which the server listens
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

// SecondsOf is d in seconds.
func SecondsOf(d time.Duration) Seconds { return Seconds(d.Seconds()) }

// Probe is one readiness check. With an empty Path the port must accept a TCP connection; otherwise GET Path must
// answer 2xx within Timeout, and, when Model is set, be an OpenAI model list that holds it and all of Adapters. Port names a further port of the
// process to ask instead of the main one.
type Probe struct {
	User     string   `json:"user,omitempty"`  // the token is the password of this user
	Local    bool     `json:"local,omitempty"` // the port is closed to the network: only its own node can ask
	Port     string   `json:"port,omitempty"`
	Path     string   `json:"path,omitempty"`
	Model    string   `json:"model,omitempty"`
	Adapters []string `json:"adapters,omitempty"` // further models that the server has to list
	Timeout  Seconds  `json:"timeout,omitempty"`  // default 5
}

// Run is one benchmark run placed in this allocation. The agent executes it at most once: it creates Dir/claim.json with
// O_EXCL first, then starts `assay suite Dir`, which writes Dir/result.json.
type Run struct {
	ID     string  `json:"id"`
	Dir    string  `json:"dir"`    // the run's directory; holds request.json (SuiteRequest)
	Cancel bool    `json:"cancel"` // stop it
	Limit  Seconds `json:"limit"`  // SIGTERM after this time
}

// Process phases.
const (
	PhaseStarting   = "Starting"   // running, not all probes pass yet
	PhaseReady      = "Ready"      // all probes pass
	PhaseRestarting = "Restarting" // waits for its backoff, or is being replaced
	PhaseFailed     = "Failed"     // restart limit reached; not tried again
	PhaseStopped    = "Stopped"
)

// Reasons of the agent that the controller acts on. The others are for people: Exited, Signalled, StartFailed …
const (
	ReasonCommandNotFound = "CommandNotFound" // the node has no such program; another job would not find it either
	ReasonMissing         = "Missing"         // a path of Process.Needs does not exist
	ReasonInsecureRay     = "InsecureRay"     // the node's Ray asks nobody for a token
	ReasonProbeFailing    = "ProbeFailing"
	ReasonNotAnswering    = "NotAnswering" // it was Ready, and missed as many probes as Process.Live allows
	ReasonPortTaken       = "PortTaken"    // another program listens on the server's port: the server is not the cause
	ReasonRestarted       = "Restarted"    // a Happening: it was started again
	ReasonReadyAgain      = "ReadyAgain"   // a Happening: it is Ready again
	ReasonGivenUp         = "GivenUp"      // a Happening: the limit of restarts is reached
)

// AgentState is state.json of a job directory: what the agent observes. The agent replaces it atomically, with each change.
// Beside it lies the beat file (durable.Pulse), overwritten every BeatEvery: the heartbeat, and the number of the state.json
// for which it vouches. Agents of older binaries have none, and replace state.json with each heartbeat. Times are durations,
// never clock readings: clocks of other machines are not trusted.
type AgentState struct {
	Written    uint64         `json:"written,omitempty"` // number of this state.json, from 1; 0: there is no beat file
	Nonce      string         `json:"nonce"`
	JobID      string         `json:"jobID,omitempty"`
	Generation int64          `json:"generation"` // of the desired.json last acted upon
	Heartbeat  uint64         `json:"beat"`       // counts up while the agent lives; when this was written, or as the beat file has it
	Node       string         `json:"node"`
	Nodes      []NodeState    `json:"nodes,omitempty"`
	Processes  []ProcessState `json:"processes,omitempty"`
	Relays     map[string]int `json:"relays,omitempty"` // ports of 127.0.0.1 on Node, by the name of what they lead to
	Runs       []RunState     `json:"runs,omitempty"`
	Happened   []Happening    `json:"happened,omitempty"` // the last losses, restarts and returns of processes, oldest first
	Error      string         `json:"error,omitempty"`    // what keeps the agent from converging
	Program    string         `json:"program,omitempty"`  // SHA-256 of the assay that the agent is, as the state directory names its copy
	End        *AgentEnd      `json:"end,omitempty"`      // set once, when the agent exits
}

// NodeState is one node of the allocation. Metrics is the URL of its hardware counters.
type NodeState struct {
	Name    string `json:"name"`
	Metrics string `json:"metrics,omitempty"`
	Error   string `json:"error,omitempty"`
}

// ProcessState is one supervised server.
type ProcessState struct {
	Name        string         `json:"name"`
	Fingerprint string         `json:"fingerprint"`
	Phase       string         `json:"phase"`
	Reason      string         `json:"reason,omitempty"` // CamelCase: Exited, Signalled, ProbeFailing, CommandNotFound …
	Message     string         `json:"message,omitempty"`
	Endpoint    string         `json:"endpoint,omitempty"` // http://host:port, from when the port is allocated
	Metrics     string         `json:"metrics,omitempty"`  // URL
	Ports       map[string]int `json:"ports,omitempty"`    // further ones, by name
	Models      []string       `json:"models,omitempty"`   // as the server lists them
	PID         int            `json:"pid,omitempty"`
	Restarts    int            `json:"restarts"`           // since this fingerprint started
	Anew        bool           `json:"anew,omitempty"`     // it was started again and has not been Ready since
	PhaseFor    Seconds        `json:"phaseFor"`           // time in this phase
	WasReady    bool           `json:"wasReady,omitempty"` // this fingerprint has been Ready once
	Ran         *Ran           `json:"ran,omitempty"`      // once it is Ready
	Startup     *Startup       `json:"startup,omitempty"`  // of this fingerprint, once it was Ready
	Work        *v1alpha1.Work `json:"work,omitempty"`     // of its start, where it says how far that is
	Last        *v1alpha1.End  `json:"last,omitempty"`     // how it last ended without a request to
	Log         string         `json:"log,omitempty"`      // file, relative to the job directory
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
	Reason   string `json:"reason,omitempty"` // of Failed: the word for what was lost (LostDisk …); empty: the suite's own judgement
}

// AgentEnd is how the agent ended.
type AgentEnd struct {
	Reason  string `json:"reason"` // one of the constants below
	Message string `json:"message,omitempty"`
	// First is, for EndRequeued, the reason of the first start's own end; empty: it said none, and what it ran may still run.
	First string `json:"first,omitempty"`
	// Left says what did not end although it was killed; empty: nothing is left.
	Left string `json:"left,omitempty"`
}

// Said reports whether an agent has said that it ended, so that nothing that it started runs any more.
func (s *AgentState) Said() bool {
	return s != nil && s.End != nil && s.End.Left == "" && (s.End.Reason != EndRequeued || s.End.First != "")
}

// Reasons of an AgentEnd. Schedulers announce the end of the walltime with WalltimeSignal, which they send for nothing
// else; so the agent can tell it from a cancel without knowing its time limit, which can change while it runs.
const (
	EndDone      = "Done"      // every run has ended and desired.json says to exit then
	EndTimeLimit = "TimeLimit" // the scheduler announced the end of the walltime
	EndSignalled = "Signalled" // SIGTERM or SIGINT: a cancel, a preemption, or a signal by hand; the attempt's record says whether it was assay's
	EndStopped   = "Stopped"   // desired.json says stop: the attempt was over for the controller
	EndOrphaned  = "Orphaned"  // what had started the agent was killed, which ends the attempt for the scheduler
	EndKilled    = "Killed"    // the agent was killed; its guard ended what it ran, and says so in its place
	EndRequeued  = "Requeued"  // the scheduler started the job again; a job directory is used once, so this start did nothing
)

// WalltimeSignal is the signal that announces the end of the walltime to the agent.
const WalltimeSignal = syscall.SIGUSR1

// Files of a job directory and of a run directory.
const (
	DesiredFile  = "desired.json"
	StateFile    = "state.json"
	BeatFile     = "beat"
	LogDir       = "log"
	RequestFile  = "request.json"
	ClaimFile    = "claim.json"
	ProgressFile = "progress"
	ResultFile   = "result.json"
	// RendezvousFile is where the processes of a run on several nodes find the first one, and the token that it asks for.
	RendezvousFile = "rendezvous.json"
)

// JobLog is the name of what a job itself printed, in its directory: its agent's messages, and those of who started that.
func JobLog(id string) string { return "job." + id + ".log" }

// Claim is claim.json: which agent took a run. Created once, before the suite starts.
type Claim struct {
	Nonce string `json:"nonce"`
	JobID string `json:"jobID,omitempty"`
	Node  string `json:"node"`
}
