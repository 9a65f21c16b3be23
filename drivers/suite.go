package drivers

import (
	"context"
	"time"

	"assay/api/v1alpha1"
)

// SuiteRequest is request.json: all that a suite needs to run one repeat of a benchmark. Written once by the controller.
type SuiteRequest struct {
	Run        string            `json:"run"`
	Experiment string            `json:"experiment"`
	Benchmark  string            `json:"benchmark"`
	Repeat     int               `json:"repeat"`
	Revision   string            `json:"revision"`
	Commit     string            `json:"commit,omitempty"`
	Target     string            `json:"target"`    // the service
	Endpoints  []string          `json:"endpoints"` // URLs of its replicas, at least one
	Model      string            `json:"model,omitempty"`
	TokenFile  string            `json:"tokenFile,omitempty"` // 0600; holds what the server asks of its clients
	Simulated  bool              `json:"simulated"`
	Nodes      int               `json:"nodes,omitempty"`    // serving only: that send the load together; 0 is 1
	Overlaps   []string          `json:"overlaps,omitempty"` // runs that are to be measured at the same time
	Serving    *v1alpha1.Serving `json:"serving,omitempty"`  // exactly one of the three
	Vector     *v1alpha1.Vector  `json:"vector,omitempty"`
	Storage    *v1alpha1.Storage `json:"storage,omitempty"`
	Directory  string            `json:"directory,omitempty"` // storage only: the target, instead of Endpoints
	Seed       int64             `json:"seed"`                // differs by repeat
}

// SuiteResult is result.json. Metrics are flat: name -> number; a name carries its unit (ttft_p99_ms).
type SuiteResult struct {
	Run       string             `json:"run"`
	Started   time.Time          `json:"started"`
	Ended     time.Time          `json:"ended"`
	Simulated bool               `json:"simulated"`
	Metrics   map[string]float64 `json:"metrics"`
	Valid     bool               `json:"valid"`
	Reasons   []Reason           `json:"reasons,omitempty"`  // why it is not valid; when it is, what had to be left out of it
	Error     string             `json:"error,omitempty"`    // the suite could not run to its end; then Metrics may be empty
	Versions  map[string]string  `json:"versions,omitempty"` // assay, the server …
	Host      map[string]string  `json:"host,omitempty"`     // where the client ran: node, cpus …
	Files     []string           `json:"files,omitempty"`    // further files in the run's directory
}

// Reason is a CamelCase word for programs and a sentence for people.
type Reason struct {
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// Suite is one kind of benchmark. Run works inside dir (the run's directory), calls progress with a short line now
// and then, and returns when ctx ends. An error means that no honest result exists.
type Suite interface {
	Run(ctx context.Context, req SuiteRequest, dir string, progress func(string)) (SuiteResult, error)
}
