package v1alpha1

// APIVersion is the only version that this package reads and writes.
const APIVersion = "assay/v1alpha1"

// The two kinds of document.
const (
	KindSite       = "Site"
	KindExperiment = "Experiment"
)

// Metadata names an object. Name is a DNS label.
type Metadata struct {
	Name   string            `json:"name" validate:"required,dnslabel"`
	Labels map[string]string `json:"labels,omitempty"`
}

// Site holds the facts of one cluster.
type Site struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Metadata   Metadata `json:"metadata"`
	Spec       SiteSpec `json:"spec"`
}

// SiteSpec says how jobs are submitted at a site and where state lives.
type SiteSpec struct {
	// Scheduler is "slurm" or "local".
	Scheduler  string               `json:"scheduler" validate:"required,oneof=slurm local"`
	Account    string               `json:"account,omitempty"`
	Defaults   SiteDefaults         `json:"defaults,omitzero"`
	Partitions map[string]Partition `json:"partitions,omitempty" validate:"dive"`
	QOS        map[string]QOS       `json:"qos,omitempty" validate:"dive"`
	// EnforcePartLimits is Slurm's: with "NO" a job that breaks the time limit or the lists of its partition is accepted, and waits
	// until that is changed: assay warns. With ALL or ANY, or when it is not stated, assay refuses the job.
	EnforcePartLimits string `json:"enforcePartLimits,omitempty" validate:"omitempty,oneof=ALL ANY NO"`
	// SlurmVersion is the cluster's release: where enforcePartLimits is "NO", one above 24.11 also accepts a job of too few nodes.
	SlurmVersion string `json:"slurmVersion,omitempty"`
	// Accounts are the user's own: the limits of each association.
	Accounts     map[string]Account     `json:"accounts,omitempty" validate:"dive"`
	Reservations map[string]Reservation `json:"reservations,omitempty" validate:"dive"`
	Licenses     map[string]int         `json:"licenses,omitempty"` // name -> how many there are
	// WholeNodes is set where a job always gets whole nodes (MeluXina).
	WholeNodes bool          `json:"wholeNodes,omitempty"`
	Container  SiteContainer `json:"container,omitzero"`
	// Modules are loaded in the batch script, in order, before the agent starts.
	Modules []string `json:"modules,omitempty"`
	// Extend says whether the owner of a running job may have its walltime lengthened in place. Without a word it is tried once
	// with each job on Slurm, and never on the local scheduler.
	Extend *bool `json:"extend,omitempty"`
	// Sbatch are extra directives, verbatim, one option each ("--hint=nomultithread").
	Sbatch     []string        `json:"sbatch,omitempty"`
	Paths      Paths           `json:"paths,omitzero"`
	Poll       Poll            `json:"poll,omitzero"`
	Submit     Submitting      `json:"submit,omitzero"`
	Prometheus *SitePrometheus `json:"prometheus,omitempty"`
	Login      SiteLogin       `json:"login,omitzero"`
	Trust      SiteTrust       `json:"trust,omitzero"`
}

// SiteContainer says how the site's nodes run containers.
type SiteContainer struct {
	Runtime string   `json:"runtime,omitempty" validate:"omitempty,oneof=none apptainer singularity podman pyxis"` // default none; pyxis is Slurm's plugin over enroot
	Images  string   `json:"images,omitempty"`                                                                     // folder of .sif or .sqsh files, filled by `assay pull`; default: <state>/images
	Args    []string `json:"args,omitempty"`                                                                       // options of the runtime's exec or run, of pyxis those of srun, verbatim ("--nvccli", "--container-readonly")
	Binds   []string `json:"binds,omitempty"`                                                                      // SRC[:DST[:OPTIONS]], for every container
}

// SiteLogin is the host that `assay tunnel` goes through.
type SiteLogin struct {
	Host string `json:"host,omitempty"`
	Port int    `json:"port,omitempty" validate:"gte=0,lte=65535"` // of ssh; default 22
	User string `json:"user,omitempty"`                            // default: ssh's own choice
}

// SiteDefaults fill what a service leaves out.
type SiteDefaults struct {
	Partition string   `json:"partition,omitempty"`
	QOS       string   `json:"qos,omitempty"`
	Time      Duration `json:"time,omitempty" validate:"gte=0"`
}

// Paths are directories on the shared file system.
type Paths struct {
	State string `json:"state,omitempty"` // default: the XDG state folder
	Work  string `json:"work,omitempty"`  // data of services; default: <state>/work
	Local string `json:"local,omitempty"` // on a local disk of the controller's host; default: $TMPDIR, else /var/tmp
}

// Submitting bounds how hard the scheduler is pressed when jobs are submitted, cancelled or changed.
type Submitting struct {
	Parallel  int     `json:"parallel,omitempty" validate:"gte=0,lte=64"` // calls at once; default 8
	PerSecond float64 `json:"perSecond,omitempty" validate:"gte=0"`       // submissions; 0: no limit
}

// Poll bounds how often the scheduler is asked: at least Every apart, at most AtMost apart.
type Poll struct {
	Every  Duration `json:"every,omitempty" validate:"gte=0"`
	AtMost Duration `json:"atMost,omitempty" validate:"gte=0"`
}

// SitePrometheus names a Prometheus that is already there; without it the embedded one runs.
type SitePrometheus struct {
	URL string `json:"url" validate:"required,httpurl"`
}

// Experiment is what a user declares.
type Experiment struct {
	APIVersion string         `json:"apiVersion"`
	Kind       string         `json:"kind"`
	Metadata   Metadata       `json:"metadata"`
	Spec       ExperimentSpec `json:"spec"`
}

// ExperimentSpec declares services and the benchmarks that run against them.
type ExperimentSpec struct {
	Site    string `json:"site,omitempty"`
	Suspend bool   `json:"suspend,omitempty"`
	// WhenDone is Keep (default) or Stop: release the allocations once every run is Complete.
	WhenDone   string      `json:"whenDone,omitempty" validate:"omitempty,oneof=Keep Stop"`
	Budget     *Budget     `json:"budget,omitempty"`
	Services   []Service   `json:"services,omitempty" validate:"dive"`
	Benchmarks []Benchmark `json:"benchmarks,omitempty" validate:"dive"`
	Sweep      *Sweep      `json:"sweep,omitempty"`
	// Schedule says when every benchmark is measured again, in cron's five fields: "0 2 * * *" is every night at 2, in the time zone
	// of the controller's host. A prefix names another one: "CRON_TZ=Europe/Luxembourg 0 2 * * *". Measurements never overlap: one
	// that is due meanwhile follows, and of several that were missed one does. It needs a controller that runs then.
	Schedule string `json:"schedule,omitempty"`
}

// Service is something that stays up. Exactly one of VLLM … External is set.
type Service struct {
	Name      string    `json:"name" validate:"required,dnslabel"`
	VLLM      *VLLM     `json:"vllm,omitempty"`
	SGLang    *SGLang   `json:"sglang,omitempty"`
	LlamaCpp  *LlamaCpp `json:"llamacpp,omitempty"`
	Chroma    *Chroma   `json:"chroma,omitempty"`
	Lustre    *Lustre   `json:"lustre,omitempty"`
	Monitors  *Monitors `json:"monitors,omitempty"`
	Process   *Process  `json:"process,omitempty"`
	Gateway   *Gateway  `json:"gateway,omitempty"`
	External  *External `json:"external,omitempty"`
	Group     string    `json:"group,omitempty" validate:"omitempty,dnslabel"`        // services of one group share one allocation
	Replicas  *Replicas `json:"replicas,omitempty" validate:"-"`                      // default 1
	Nodes     *int      `json:"nodes,omitempty" validate:"omitempty,gte=1,lte=10000"` // default 1
	Resources Resources `json:"resources,omitzero"`
	// Image is docker://NAME:TAG, docker://NAME@sha256:… or the path of a .sif file (pyxis: .sqsh); none: the command on PATH. Default:
	// at a site that runs containers, the image that this assay was made for.
	Image   string            `json:"image,omitempty"`
	Binds   []string          `json:"binds,omitempty"`   // SRC[:DST[:OPTIONS]]
	Secrets map[string]Secret `json:"secrets,omitempty"` // variable of the process -> where its value is read
	Env     map[string]string `json:"env,omitempty"`
	// Auth is key (default) or none, for model servers and chroma. With key, clients have to send one: that of a secret called
	// VLLM_API_KEY, SGLANG_API_KEY, LLAMA_API_KEY or CHROMA_TOKEN, else one that assay makes, once for the service; `assay key SERVICE` prints it. With none,
	// anybody who reaches the node's ports can use the server: on a cluster, every user of it.
	Auth      string        `json:"auth,omitempty" validate:"omitempty,oneof=key none"`
	DependsOn []string      `json:"dependsOn,omitempty"`
	Ready     Readiness     `json:"ready,omitzero"`
	Live      Liveness      `json:"live,omitzero"`
	Restart   RestartPolicy `json:"restart,omitzero"`
	// Renew says what follows a job that reaches its walltime.
	Renew Renewal `json:"renew,omitzero"`
	// Fence is how long a service that owns a data folder waits for the end of what its last job ran, when that job ended
	// without its agent's word (its node was lost). Then it is replaced all the same. Others are replaced at once. Default 5m.
	Fence Duration `json:"fence,omitempty" validate:"gte=0"`
}

// Resources are asked of the scheduler, per node where they say so.
type Resources struct {
	Partition     string   `json:"partition,omitempty"`
	QOS           string   `json:"qos,omitempty"`
	GPUsPerNode   *int     `json:"gpusPerNode,omitempty" validate:"omitempty,gte=0,lte=64"`
	CPUsPerNode   int      `json:"cpusPerNode,omitempty" validate:"gte=0"`
	MemoryPerNode Quantity `json:"memoryPerNode,omitempty" validate:"gte=0"`
	Time          Duration `json:"time,omitempty" validate:"gte=0"` // walltime
}

// Readiness says when a service that has started counts as Ready, and when waiting ends.
type Readiness struct {
	Within    Duration `json:"within,omitempty" validate:"gte=0"`    // default 30m for vllm, 5m otherwise
	StableFor Duration `json:"stableFor,omitempty" validate:"gte=0"` // default 0
}

// Liveness says when a server that was Ready and no longer answers is restarted in its allocation: after Misses probes in a
// row, Every apart, each of which has Every to be answered (at most 30s). It counts towards restart.limit.
type Liveness struct {
	Every  Duration `json:"every,omitempty" validate:"gte=0"`          // default 10s
	Misses int      `json:"misses,omitempty" validate:"gte=0,lte=100"` // default 6 for vllm and chroma, which answer late under load; 3 otherwise
}

// RestartPolicy bounds how often a server that ends by itself is started again, in its allocation and with a new job.
type RestartPolicy struct {
	Limit   *int     `json:"limit,omitempty" validate:"omitempty,gte=0,lte=100"` // default 5; then Stalled
	Backoff Duration `json:"backoff,omitempty" validate:"gte=0"`                 // first delay, doubled each time; default 10s
}

// Simulate is the latency model of the built-in vLLM simulator.
type Simulate struct {
	TTFT              Duration `json:"ttft,omitempty" validate:"gte=0"`              // default 50ms
	TTFTStdDev        Duration `json:"ttftStdDev,omitempty" validate:"gte=0"`        // default 0
	ITL               Duration `json:"itl,omitempty" validate:"gte=0"`               // default 10ms
	ITLStdDev         Duration `json:"itlStdDev,omitempty" validate:"gte=0"`         // default 0
	PrefillPerToken   Duration `json:"prefillPerToken,omitempty" validate:"gte=0"`   // added to TTFT per prompt token
	LoadFactor        float64  `json:"loadFactor,omitempty" validate:"gte=0"`        // ITL grows by this share per running sequence
	MaxRunning        int      `json:"maxRunning,omitempty" validate:"gte=0"`        // default 256; more wait
	StartupDelay      Duration `json:"startupDelay,omitempty" validate:"gte=0"`      // time until /health answers
	FailureRate       float64  `json:"failureRate,omitempty" validate:"gte=0,lte=1"` // share of requests answered 500
	IgnoreConstraints bool     `json:"ignoreConstraints,omitempty"`                  // behave like a server that does not know the field
	Seed              int64    `json:"seed,omitempty"`
}

// Chroma is a real Chroma server.
type Chroma struct {
	Command []string `json:"command,omitempty"` // default [chroma]; `run --path … --host … --port …` is appended
}

// Secret says where a secret is read when the manifest is applied: from the environment or from a file. Exactly one.
type Secret struct {
	Env  string `json:"env,omitempty"`
	File string `json:"file,omitempty"` // ~/ is the home directory
	// Digest is written by assay: a keyed hash of the value, so that a changed secret is a changed process.
	Digest string `json:"digest,omitempty"`
}

// Lustre is a directory on a parallel file system: no job, prepared by the controller. A directory that was not there is
// made, marked, and removed with the service; one that was there is never deleted.
type Lustre struct {
	Path        string   `json:"path" validate:"required"`                // absolute, or below <paths.work>/EXPERIMENT
	StripeCount int      `json:"stripeCount,omitempty" validate:"gte=-1"` // -1: all OSTs; 0: the file system's default
	StripeSize  Quantity `json:"stripeSize,omitempty" validate:"gte=0"`
	MinFree     Quantity `json:"minFree,omitempty" validate:"gte=0"`   // bytes that must be free, quota included, before it is Ready
	MinInodes   int64    `json:"minInodes,omitempty" validate:"gte=0"` // files that can still be made
}

// Monitors is Prometheus, Grafana and the OpenTelemetry Collector, wired to each other and to every service of the site.
type Monitors struct {
	Components []string `json:"components,omitempty" validate:"dive,oneof=prometheus grafana otel-collector"` // default: all three
	Retention  Duration `json:"retention,omitempty" validate:"gte=0"`                                         // of Prometheus; default 30d
	// Images and Commands are by component: another image, or the command of a site without containers.
	Images   map[string]string   `json:"images,omitempty"`
	Commands map[string][]string `json:"commands,omitempty"` // default [prometheus], [grafana, server], [otelcol]
}

// Process is any command with a port, a probe and a metrics path. $(PORT), $(HOST), $(DATA) and $(NODE)
// are replaced in Command and in the service's env; nothing is given to a shell.
type Process struct {
	Command []string `json:"command,omitempty" validate:"required,min=1"`
	Port    int      `json:"port,omitempty" validate:"gte=0,lte=65535"` // default: a free one is allocated
	Probe   string   `json:"probe,omitempty"`                           // HTTP path; empty: the port accepts connections
	Metrics string   `json:"metrics,omitempty"`                         // HTTP path; empty: not scraped
}

// External is a server that assay does not run: it is probed, scraped and benchmarked, never started or stopped.
type External struct {
	URL   string `json:"url" validate:"required,httpurl"`
	Type  string `json:"type" validate:"required,oneof=vllm chroma"`
	Model string `json:"model,omitempty"` // required for vllm
}

// Benchmark is a suite run against a service. Exactly one of Serving, Vector and Storage is set.
type Benchmark struct {
	Name    string   `json:"name" validate:"required,dnslabel"`
	Target  string   `json:"target,omitempty"`  // a service; instead of compare
	Compare *Compare `json:"compare,omitempty"` // two services, measured in turn
	Repeats *Repeats `json:"repeats,omitempty"`
	Timeout Duration `json:"timeout,omitempty" validate:"gte=0"` // of one run; default 30m, or half the target's walltime if that is less
	// RetryInvalid is how often a repeat whose result is not valid is done again by itself; default 2. Every result is kept, and
	// the last one counts. A reason that would come again, such as a server without token counts, is not tried again.
	RetryInvalid *int   `json:"retryInvalid,omitempty" validate:"omitempty,gte=0,lte=100"`
	Run          *RunOn `json:"run,omitempty"`
	// Together is any word: benchmarks that share it are measured at the same time, to see how they affect each other. Their
	// points say so. All others are measured one by one.
	Together string   `json:"together,omitempty" validate:"omitempty,dnslabel"`
	Gates    []Gate   `json:"gates,omitempty"`
	Serving  *Serving `json:"serving,omitempty"`
	Search   *Search  `json:"search,omitempty"` // of a serving benchmark: the highest load that keeps an objective
	Vector   *Vector  `json:"vector,omitempty"`
	Storage  *Storage `json:"storage,omitempty"`
}
