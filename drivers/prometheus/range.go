package prometheus

import (
	"context"
	"fmt"
	"math"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"assay/drivers"
)

// mostSeries is how many series of one expression are returned.
const mostSeries = 20

// Range is what an expression gave at each step of a time, series by series, the first 20 of them; none when nothing was scraped.
// An unreachable server is drivers.ErrUnavailable.
func (c *Client) Range(ctx context.Context, expr string, from, to time.Time, step time.Duration) ([]drivers.Series, error) {
	if err := Parse(expr); err != nil {
		return nil, fmt.Errorf("the expression %s %w", expr, err)
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	v, _, _, err := c.api.QueryRange(ctx, expr, v1.Range{Start: from, End: to, Step: step})
	if err != nil {
		return nil, fmt.Errorf("%w: asking Prometheus for %s: %w", drivers.ErrUnavailable, expr, err)
	}
	matrix, ok := v.(model.Matrix)
	if !ok {
		return nil, fmt.Errorf("%s answered %s, not a matrix", expr, v.Type())
	}
	var out []drivers.Series
	for _, s := range matrix[:min(len(matrix), mostSeries)] {
		series := drivers.Series{Labels: labelsOf(s.Metric)}
		for _, p := range s.Values {
			if v := float64(p.Value); !math.IsNaN(v) && !math.IsInf(v, 0) {
				series.Samples = append(series.Samples, drivers.Point{At: p.Timestamp.Time(), Value: v})
			}
		}
		out = append(out, series)
	}
	return out, nil
}
