package resultset

import (
	"context"
	"errors"
	"fmt"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/gate"
	"assay/reconciler/results"
)

// Average is the mean of a PromQL expression over parts of time, from what was sampled within them alone;
// drivers.ErrUnavailable when no server can be asked.
type Average func(ctx context.Context, expression string, parts []drivers.Span) (float64, error)

// PromQL gives the values of PromQL gates: the mean over the time in which each run measured. A run without a window, which an
// older assay made, has none: its preparation would be averaged too. Nor has one during which the clock was set.
func PromQL(ctx context.Context, average Average) gate.Values {
	return func(g v1alpha1.Gate, rows []results.Row) ([]float64, error) {
		var out []float64
		for _, r := range rows {
			switch {
			case r.Window == nil:
				return nil, fmt.Errorf("run %s says not when it measured, because an older assay made it; do it again: assay rerun %s", r.Run, r.Run)
			case r.Window.Stepped != 0:
				return nil, fmt.Errorf("while run %s measured, the clock of its host was set by %s, so its samples cannot be found; keep the clock and do it again: assay rerun %s",
					r.Run, r.Window.Stepped.Std(), r.Run)
			}
			v, err := average(ctx, g.PromQL, r.Window.Parts())
			if errors.Is(err, drivers.ErrUnavailable) {
				return nil, fmt.Errorf("run %s: %w (does a controller run? assay controller)", r.Run, err)
			}
			if err != nil {
				return nil, fmt.Errorf("run %s: %w", r.Run, err)
			}
			out = append(out, v)
		}
		return out, nil
	}
}
