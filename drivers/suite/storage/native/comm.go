package native

import (
	"context"

	"assay/drivers"
	"assay/drivers/suite/selfwatch"
)

// report is what a node sends at a step of a phase.
type report struct {
	Node    int               `json:"node"`
	Phase   string            `json:"phase"`
	Step    string            `json:"step"`
	Counts  []int64           `json:"counts,omitempty"`  // by task
	Seconds []float64         `json:"seconds,omitempty"` // by task
	Matched int64             `json:"matched,omitempty"` // by find, of this node
	Client  *selfwatch.Report `json:"client,omitempty"`  // at the end of the last phase, and with it:
	Machine *drivers.Node     `json:"machine,omitempty"` // what the node is
	Err     string            `json:"err,omitempty"`
	Lost    string            `json:"lost,omitempty"` // with Err: the word for what was lost
}

// comm is the communicator of the nodes of a run, in MPI's sense.
type comm interface {
	// allgather gives the reports of all nodes at the same step to every node; it returns once all have reached it.
	allgather(ctx context.Context, own report) ([]report, error)
	// abort sends the other nodes the reason why this one stops, and returns it.
	abort(err error) error
}

// single is the communicator of one node.
type single struct{}

func (single) allgather(_ context.Context, own report) ([]report, error) { return []report{own}, nil }
func (single) abort(err error) error                                     { return err }
