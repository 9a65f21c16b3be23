package prometheus

import (
	"context"
	"fmt"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"assay/drivers"
)

// mostLeft is the share of the measured time that a mean may leave out, because parts are too short for Prometheus.
const mostLeft = 0.5

// Average is the mean of an expression over the parts of a window, from samples that were taken within the part alone: what
// was before is not seen, however far the expression looks back. interval is the time between two samples. A window of which
// more than half is in parts that are shorter than that has none, and neither has an expression that gave no sample in a
// part, or several series; an unreachable server is drivers.ErrUnavailable.
func (c *Client) Average(ctx context.Context, expr string, parts []drivers.Span, interval time.Duration) (float64, error) {
	back, err := looksBack(expr, interval)
	if err != nil {
		return 0, err
	}
	var all, used time.Duration
	var usable []drivers.Span
	for _, p := range parts {
		all += p.To.Sub(p.From)
		if p.To.Sub(p.From) >= back {
			used, usable = used+p.To.Sub(p.From), append(usable, p)
		}
	}
	switch {
	case used == 0 && len(parts) == 1:
		return 0, fmt.Errorf("it measured for %s, less than the %s that %s looks back; make it longer", all.Round(time.Millisecond), back, expr)
	case float64(used) < (1-mostLeft)*float64(all):
		return 0, fmt.Errorf("of %s only %s were measured in parts of at least the %s that %s looks back; make them longer", all.Round(time.Millisecond), used.Round(time.Millisecond), back, expr)
	}
	sum, n := 0.0, 0
	for _, p := range usable {
		values, err := c.values(ctx, expr, p.From.Add(back), p.To, max(time.Second, used/1000))
		if err != nil {
			return 0, err
		}
		for _, v := range values {
			sum, n = sum+float64(v.Value), n+1
		}
	}
	return sum / float64(n), nil
}

// values are those of the one series that an expression has, one a step. There is at least one.
func (c *Client) values(ctx context.Context, expr string, from, to time.Time, step time.Duration) ([]model.SamplePair, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	v, _, _, err := c.api.QueryRange(ctx, expr, v1.Range{Start: from, End: to, Step: step})
	if err != nil {
		return nil, fmt.Errorf("%w: asking Prometheus for %s: %w", drivers.ErrUnavailable, expr, err)
	}
	series, ok := v.(model.Matrix)
	switch {
	case !ok:
		return nil, fmt.Errorf("%s gave %s, not series", expr, v.Type())
	case len(series) == 0 || len(series[0].Values) == 0:
		return nil, fmt.Errorf("%s has no sample between %s and %s", expr, from.Format(time.TimeOnly), to.Format(time.TimeOnly))
	case len(series) > 1:
		return nil, fmt.Errorf("%s gives %d series, and a gate needs one: wrap it in avg(), max() or sum()", expr, len(series))
	}
	return series[0].Values, nil
}

// looksBack is how long before a moment the oldest sample can be that an expression uses there. A plain selector uses the last
// one, which is at most interval old.
func looksBack(expr string, interval time.Duration) (time.Duration, error) {
	e, err := parser.NewParser(parser.Options{EnableExperimentalFunctions: true}).ParseExpr(expr)
	if err != nil {
		return 0, fmt.Errorf("reading the expression %s: %w", expr, err)
	}
	return reach(e, interval), nil
}

func reach(n parser.Node, interval time.Duration) (back time.Duration) {
	switch e := n.(type) {
	case *parser.VectorSelector:
		return interval + max(0, e.OriginalOffset)
	case *parser.MatrixSelector:
		selector, _ := e.VectorSelector.(*parser.VectorSelector) // the parser says that it is one
		return max(interval, e.Range) + max(0, selector.OriginalOffset)
	case *parser.SubqueryExpr:
		return e.Range + max(0, e.OriginalOffset) + reach(e.Expr, interval)
	}
	for child := range parser.ChildrenIter(n) {
		back = max(back, reach(child, interval))
	}
	return back
}
