package prometheus

import (
	"context"
	"fmt"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"assay/drivers"
)

// Average is the mean of an expression between two moments, over all its samples. An expression that gave no sample then,
// or several series, has none; an unreachable server is drivers.ErrUnavailable.
func (c *Client) Average(ctx context.Context, expr string, from, to time.Time) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	step := max(time.Second, to.Sub(from)/1000)
	v, _, _, err := c.api.QueryRange(ctx, expr, v1.Range{Start: from, End: to, Step: step})
	if err != nil {
		return 0, fmt.Errorf("%w: asking Prometheus for %s: %w", drivers.ErrUnavailable, expr, err)
	}
	series, ok := v.(model.Matrix)
	switch {
	case !ok:
		return 0, fmt.Errorf("%s gave %s, not series", expr, v.Type())
	case len(series) == 0:
		return 0, fmt.Errorf("%s has no sample between %s and %s", expr, from.Format(time.TimeOnly), to.Format(time.TimeOnly))
	case len(series) > 1:
		return 0, fmt.Errorf("%s gives %d series, and a gate needs one: wrap it in avg(), max() or sum()", expr, len(series))
	}
	sum := 0.0
	for _, s := range series[0].Values {
		sum += float64(s.Value)
	}
	return sum / float64(len(series[0].Values)), nil
}
