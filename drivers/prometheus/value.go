package prometheus

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"assay/drivers"
)

// mostSelectors bounds how many questions the age of one value can take.
const mostSelectors = 8

// Parse refuses what is not a PromQL expression with a value at each moment.
func Parse(expr string) error {
	_, _, err := parse(expr)
	return err
}

// parse returns an expression in a form that gives a vector, and the selectors of the series that it uses.
func parse(expr string) (vector string, selectors []string, err error) {
	e, err := parser.NewParser(parser.Options{EnableExperimentalFunctions: true}).ParseExpr(expr)
	if err != nil {
		return "", nil, fmt.Errorf("is not valid PromQL: %w", err)
	}
	switch e.Type() {
	case parser.ValueTypeVector:
		vector = expr
	case parser.ValueTypeScalar:
		vector = "vector(" + expr + ")"
	case parser.ValueTypeMatrix:
		return "", nil, errors.New("gives all samples of a range; wrap it in a function such as avg_over_time()")
	default:
		return "", nil, errors.New("gives no number: " + parser.DocumentedType(e.Type()))
	}
	seen := map[string]bool{}
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		if v, is := n.(*parser.VectorSelector); is {
			now := parser.VectorSelector{Name: v.Name, LabelMatchers: v.LabelMatchers} // whatever moment it is about
			if s := now.String(); !seen[s] {
				seen[s], selectors = true, append(selectors, s)
			}
		}
		return nil
	})
	if len(selectors) > mostSelectors {
		return "", nil, fmt.Errorf("selects series in %d ways, and %d can be watched; record it as one series with a rule", len(selectors), mostSelectors)
	}
	return vector, selectors, nil
}

// value is what an expression gives now, and how old, by Prometheus' own clock, the oldest last sample is of the series that
// it uses.
func value(ctx context.Context, query instant, expr string) (v float64, age time.Duration, err error) {
	vector, selectors, err := parse(expr)
	if err != nil {
		return 0, 0, fmt.Errorf("the expression %s %w", expr, err)
	}
	found, err := query(ctx, vector)
	switch {
	case err != nil:
		return 0, 0, fmt.Errorf("asking Prometheus for %s: %w", expr, err)
	case len(found) == 0:
		return 0, 0, fmt.Errorf("%s has no value now: %w", expr, drivers.ErrNotFound)
	case len(found) > 1:
		return 0, 0, fmt.Errorf("%s gives %d series, and one is needed: wrap it in avg(), max() or sum()", expr, len(found))
	}
	if v = float64(found[0].Value); math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, 0, fmt.Errorf("%s is %v, which is no number: %w", expr, v, drivers.ErrNotFound)
	}
	sampled := len(selectors) == 0
	for _, s := range selectors {
		old, err := query(ctx, "time() - min(timestamp("+s+"))")
		if err != nil {
			return 0, 0, fmt.Errorf("asking Prometheus how old %s is: %w", s, err)
		}
		for _, o := range old {
			sampled, age = true, max(age, time.Duration(float64(o.Value)*float64(time.Second)))
		}
	}
	if !sampled {
		return 0, 0, fmt.Errorf("no series that %s names has a sample: %w", expr, drivers.ErrNotFound)
	}
	return v, age, nil
}

// Value asks the server. An unreachable one is drivers.ErrUnavailable.
func (c *Client) Value(ctx context.Context, expr string) (float64, time.Duration, error) {
	return value(ctx, c.instant, expr)
}

// Value evaluates an expression on what was scraped.
func (e *Embedded) Value(ctx context.Context, expr string) (float64, time.Duration, error) {
	return value(ctx, e.instant, expr)
}

// Value is Embedded.Value.
func (k *Kept) Value(ctx context.Context, expr string) (float64, time.Duration, error) {
	e, err := k.running()
	if err != nil {
		return 0, 0, err
	}
	return e.Value(ctx, expr)
}
