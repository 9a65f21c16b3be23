package drivers

import (
	"context"
	"time"
)

// Target is one address for Prometheus to scrape.
type Target struct {
	ID     string            // stable: "<nonce>/<service>", "<nonce>/node/<name>", "external/<experiment>/<service>"
	URL    string            // http://host:port/path
	Labels map[string]string // experiment, service, job_id, node, assay_target (= ID)
	Agent  bool              `json:",omitempty"` // it is an agent's, which asks for the token in the file ScrapeToken
}

// AgentLabel marks, in lists of targets (file_sd), those that ask for ScrapeToken. Prometheus drops it after relabelling.
const AgentLabel = "__assay_agent__"

// Health is what Prometheus knows about a target.
type Health struct {
	Up     bool
	Error  string
	Models []string // values of model_name on the target's vllm:* series
}

// Metrics is Prometheus as the controller uses it: it scrapes targets and reports their health.
type Metrics interface {
	// SetTargets replaces the whole list.
	SetTargets(ctx context.Context, targets []Target) error
	// Health returns the targets that were scraped within the last few intervals, by id. A target that is absent is Unknown.
	// An error means that all targets are Unknown.
	Health(ctx context.Context) (map[string]Health, error)
}

// Valuer is an optional capability of Metrics: it answers PromQL.
type Valuer interface {
	// Value is what an expression gives now, which has to be one number, and how old the oldest last sample is of the series that
	// it uses. ErrNotFound: there is none; ErrUnavailable: nobody answered.
	Value(ctx context.Context, expr string) (v float64, age time.Duration, err error)
}

// Exporter is an optional capability of Metrics: it exports all samples of one experiment, so that they outlive retention.
// It writes the file at path whole, mode 0600, as gzipped OpenMetrics text, which promtool can read.
type Exporter interface {
	Export(ctx context.Context, experiment, path string) error
}

// Series are the values of one series over a time.
type Series struct {
	Labels  map[string]string `json:"labels"`
	Samples []Sample          `json:"samples"`
}

// Sample is a value at a moment.
type Sample struct {
	At    time.Time `json:"at"`
	Value float64   `json:"value"`
}
