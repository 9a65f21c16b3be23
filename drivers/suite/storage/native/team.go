package native

import "context"

// report is what a node says at a step of a phase.
type report struct {
	Node    int       `json:"node"`
	Phase   string    `json:"phase"`
	Step    string    `json:"step"`
	Counts  []int64   `json:"counts,omitempty"`  // by task
	Seconds []float64 `json:"seconds,omitempty"` // by task
	Matched int64     `json:"matched,omitempty"` // by find, of this node
	Err     string    `json:"err,omitempty"`
}

// team is what joins the nodes.
type team interface {
	// exchange gives every node's report of the same step to every node; it returns once all have come to it.
	exchange(ctx context.Context, mine report) ([]report, error)
	// fail tells the others why this node stops, and returns the error.
	fail(err error) error
}

// alone is a team of one.
type alone struct{}

func (alone) exchange(_ context.Context, mine report) ([]report, error) { return []report{mine}, nil }
func (alone) fail(err error) error                                      { return err }
