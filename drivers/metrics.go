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
}

// Health is what Prometheus knows of a target.
type Health struct {
	Up     bool
	Error  string
	Models []string // values of model_name on the target's vllm:* series
}

// Metrics is Prometheus seen from the controller: it is told the targets, and asked how they are.
type Metrics interface {
	// SetTargets replaces the whole list.
	SetTargets(ctx context.Context, targets []Target) error
	// Health returns what was scraped within the last few intervals, by target id. A target that is absent is Unknown.
	// An error means that nothing is known at all.
	Health(ctx context.Context) (map[string]Health, error)
}

// Origin says where a revision came from.
type Origin struct {
	Source string    `json:"source"`         // apply | watch | sync | undo | delete
	Path   string    `json:"path,omitempty"` // file, folder or repository
	User   string    `json:"user,omitempty"`
	Host   string    `json:"host,omitempty"`
	Time   time.Time `json:"time"`
	Commit string    `json:"commit,omitempty"` // git commit, "-dirty" appended when the file differs from it
	Ref    string    `json:"ref,omitempty"`
}
