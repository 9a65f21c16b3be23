package prometheus

import (
	"context"

	"github.com/prometheus/common/model"

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
		out = append(out, drivers.Sample{Labels: labelsOf(s.Metric), Value: float64(s.Value)})
	}
	return out, nil
}

func labelsOf(m model.Metric) map[string]string {
	labels := make(map[string]string, len(m))
	for name, value := range m {
		labels[string(name)] = string(value)
	}
	return labels
}
