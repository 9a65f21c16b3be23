package prometheus

import (
	"context"

	"assay/drivers"
)

// Samples are all series of an expression's answer now.
func (c *Client) Samples(ctx context.Context, expr string) ([]drivers.Sample, error) {
	vector, err := c.instant(ctx, expr)
	if err != nil {
		return nil, err
	}
	out := make([]drivers.Sample, 0, len(vector))
	for _, s := range vector {
		labels := make(map[string]string, len(s.Metric))
		for name, value := range s.Metric {
			labels[string(name)] = string(value)
		}
		out = append(out, drivers.Sample{Labels: labels, Value: float64(s.Value)})
	}
	return out, nil
}
