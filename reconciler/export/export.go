package export

import (
	"context"
	"fmt"
	"slices"

	"assay/reconciler/redact"
	"assay/reconciler/results"
)

// Set is what is exported.
type Set struct {
	Experiment string
	Generation int64
	Revision   string // its hash
	Site       string
	Labels     map[string]string
	Rows       []results.Row
	Secrets    *redact.Values // kept out of files that are copied
}

// Made says what was written.
type Made struct {
	Files int
	Runs  int
	Notes []string // what is not there, and why
}

// Formats are the words for what can be written.
var Formats = []string{"parquet", "mlflow", "wandb", "openmetrics", "vllm"}

// Write writes a set into a folder, in a format. A file that has the name of one that is written is replaced; others stay.
func Write(ctx context.Context, format, dir string, s Set) (Made, error) {
	s.Rows = slices.DeleteFunc(slices.Clone(s.Rows), func(r results.Row) bool { return r.Search != nil })
	if s.Secrets == nil {
		s.Secrets = redact.Of()
	}
	f := &folder{ctx: ctx, dir: dir, secrets: s.Secrets}
	f.made.Runs = len(s.Rows)
	var err error
	switch format {
	case "parquet":
		err = writeParquet(f, s)
	case "mlflow":
		err = writeMLflow(f, s)
	case "wandb":
		err = writeWandB(f, s)
	case "openmetrics":
		err = writeOpenMetrics(f, s)
	case "vllm":
		err = writeVLLM(f, s)
	default:
		err = fmt.Errorf("no format %q", format)
	}
	if err != nil {
		return f.made, fmt.Errorf("exporting %s as %s into %s: %w", s.Experiment, format, dir, err)
	}
	return f.made, nil
}
