package resultset

import (
	"context"
	"errors"
	"fmt"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/gate"
	"assay/reconciler/results"
)

// Average is the mean of a PromQL expression from one time to another; drivers.ErrUnavailable when no server can be asked.
type Average func(ctx context.Context, expression string, from, to time.Time) (float64, error)

// PromQL gives the values of PromQL gates: the mean over the window of each run. Interval is the time between two samples
// of Prometheus. A window begins that much after its run: at the very start Prometheus would answer with a sample from
// before.
func PromQL(ctx context.Context, average Average, interval time.Duration) gate.Values {
	return func(g v1alpha1.Gate, rows []results.Row) ([]float64, error) {
		var out []float64
		for _, r := range rows {
			from := r.Started.Add(interval)
			if from.After(r.Ended) {
				return nil, fmt.Errorf("run %s lasted %s, less than the %s between two samples of Prometheus; make it longer", r.Run, r.Ended.Sub(r.Started).Round(time.Millisecond), interval)
			}
			v, err := average(ctx, g.PromQL, from, r.Ended)
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
