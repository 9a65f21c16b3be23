package drivers

import (
	"context"
	"maps"
	"slices"
	"time"

	"assay/api/v1alpha1"
)

// SuiteRequest is request.json: all that a suite needs to run one repeat of a benchmark. The controller writes it when the
// run is recorded, and completes it with the addresses of the target just before an agent learns of the run. From then on
// it does not change: it says what was measured.
type SuiteRequest struct {
	Run        string   `json:"run"`
	Experiment string   `json:"experiment"`
	Benchmark  string   `json:"benchmark"`
	Repeat     int      `json:"repeat"`
	Revision   string   `json:"revision"`
	Commit     string   `json:"commit,omitempty"`
	Target     string   `json:"target"`    // the service
	Endpoints  []string `json:"endpoints"` // URLs of its replicas, at least one
	Model      string   `json:"model,omitempty"`
	TokenFile  string   `json:"tokenFile,omitempty"` // mode 0600; holds the bearer token for the server
	// SecretFiles hold the secrets that Serving.SecretHeaders name, 0600, by the secrets' names.
	SecretFiles map[string]string `json:"secretFiles,omitempty"`
	Simulated   bool              `json:"simulated"`
	Nodes       int               `json:"nodes,omitempty"`    // serving only: how many send the load; 0 means 1
	Overlaps    []string          `json:"overlaps,omitempty"` // ids of runs that are measured at the same time
	Serving     *v1alpha1.Serving `json:"serving,omitempty"`  // exactly one of the three
	Vector      *v1alpha1.Vector  `json:"vector,omitempty"`
	Storage     *v1alpha1.Storage `json:"storage,omitempty"`
	Directory   string            `json:"directory,omitempty"`  // storage only: the target, instead of Endpoints
	Objective   v1alpha1.SLO      `json:"objective,omitempty"`  // of a search, which measures its load alone: the result says how many requests kept each part
	Seed        int64             `json:"seed"`                 // differs by repeat
	Replays     string            `json:"replays,omitempty"`    // run whose requests are sent again, byte for byte; its directory lies beside
	Servers     []Server          `json:"servers,omitempty"`    // the processes of the target
	Meters      []Meter           `json:"meters,omitempty"`     // the counters of its nodes
	MeterToken  string            `json:"meterToken,omitempty"` // file of the token that they ask for
}

// Secrets are the files of all secrets that the suite reads.
func (r SuiteRequest) Secrets() []string {
	files := slices.Sorted(maps.Values(r.SecretFiles))
	for _, file := range []string{r.TokenFile, r.MeterToken} {
		if file != "" {
			files = append(files, file)
		}
	}
	return files
}

// RunTarget is where a run finds what it measures, resolved when it starts. Its fields are those of SuiteRequest.
type RunTarget struct {
	Endpoints []string `json:"endpoints,omitempty"`
	Model     string   `json:"model,omitempty"`
	TokenFile string   `json:"tokenFile,omitempty"`
	Directory string   `json:"directory,omitempty"`

	Servers    []Server `json:"servers,omitempty"`
	Meters     []Meter  `json:"meters,omitempty"`
	MeterToken string   `json:"meterToken,omitempty"`
}

// At is the request with the target.
func (r SuiteRequest) At(t RunTarget) SuiteRequest {
	r.Endpoints, r.Model, r.TokenFile, r.Directory = t.Endpoints, t.Model, t.TokenFile, t.Directory
	r.Servers, r.Meters, r.MeterToken = t.Servers, t.Meters, t.MeterToken
	return r
}

// SuiteResult is result.json. Metrics are flat: name -> number; a name carries its unit (ttft_p99_ms).
type SuiteResult struct {
	Run       string             `json:"run"`
	Started   time.Time          `json:"started"`
	Ended     time.Time          `json:"ended"`
	Window    *Window            `json:"window,omitempty"` // when it measured; nil: an older assay made it, or nothing was measured
	Simulated bool               `json:"simulated"`
	Metrics   map[string]float64 `json:"metrics"`
	Absent    map[string]string  `json:"absent,omitempty"` // metric, or the beginning of several -> why there is none
	Valid     bool               `json:"valid"`
	Reasons   []Reason           `json:"reasons,omitempty"`  // why it is not valid, then what a reader has to know
	Final     bool               `json:"final,omitempty"`    // not valid for a reason that the same request would meet again
	Error     string             `json:"error,omitempty"`    // why the suite could not finish; Metrics can be empty then
	Lost      string             `json:"lost,omitempty"`     // with Error: the word for what was lost; empty: the suite's own judgement
	Versions  map[string]string  `json:"versions,omitempty"` // assay, the server …
	Host      map[string]string  `json:"host,omitempty"`     // where the client ran: node, cpus …
	Nodes     []Node             `json:"nodes,omitempty"`    // of the target
	Clients   []Node             `json:"clients,omitempty"`  // that the load came from; of IO500 the one that started it
	Inputs    *Inputs            `json:"inputs,omitempty"`
	Files     []string           `json:"files,omitempty"`     // further files in the run's directory
	Objective *Objective         `json:"objective,omitempty"` // when the request asks for one

	FileSystem *FileSystem `json:"fileSystem,omitempty"` // storage only: what was measured
}

// Objective is how a run kept the objective of the search that it belongs to. The parts are those of the request, by name,
// and goodput: all of them together. A request that failed kept none.
type Objective struct {
	Parts []Kept `json:"parts"`
	// Missed is the reason for which the run did not keep it, whatever the parts say: the server could not follow the load.
	Missed string `json:"missed,omitempty"`
}

// Kept counts the requests of a run that kept a part of the objective.
type Kept struct {
	Part      string `json:"part"`
	Good      int    `json:"good"`
	Of        int    `json:"of"`
	Effective int    `json:"effective"` // how many requests that do not depend on one another say as much; at most Of
}

// Reason is a CamelCase word for programs and a sentence for people.
type Reason struct {
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// Overloaded is the reason of a valid result whose latencies are left out, since they are of a queue that grew as long as
// requests came. What else it has measured, throughput first, counts.
const Overloaded = "Overloaded"

// Suite is one kind of benchmark. Run works inside dir (the run's directory), calls progress with a short line now and
// then, and returns when ctx ends. An error means that there is no honest result.
type Suite interface {
	Run(ctx context.Context, req SuiteRequest, dir string, progress func(string)) (SuiteResult, error)
}
