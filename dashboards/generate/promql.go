package main

import (
	"fmt"
	"strings"
)

// window is a counter over an interval that Grafana fits to the scrape interval and the zoom: what rate and increase take.
func window(counter string) string {
	return counter + "{@}[$__rate_interval]"
}

// sumRate adds the rates of a counter's series by some labels.
func sumRate(by, counter string) string {
	return fmt.Sprintf("sum by (%s) (rate(%s))", by, window(counter))
}

// quantile estimates a quantile from a histogram's buckets. Like mean it is absent where nothing was observed: the
// comparison drops NaN.
func quantile(q, by, histogram string) string {
	return fmt.Sprintf("histogram_quantile(%s, sum by (le, %s) (rate(%s))) >= 0", q, by, window(histogram+"_bucket"))
}

// mean is the rate of the sum divided by the rate of the count. It is absent, not zero or NaN, where nothing was observed.
func mean(by, histogram string) string {
	return fmt.Sprintf("%s / (%s > 0)", sumRate(by, histogram+"_sum"), sumRate(by, histogram+"_count"))
}

// either uses the first name that a service has. The choice is made after the aggregation, so that the buckets of two
// histograms never mix.
func either(shape func(metric string) string, names ...string) string {
	var parts []string
	for _, n := range names {
		parts = append(parts, shape(n))
	}
	return strings.Join(parts, " or ")
}

// quantiles is one query for each usual quantile and one for the mean, of the first of the histograms that exists.
func quantiles(by, legend string, histograms ...string) []query {
	var out []query
	for _, q := range []struct{ q, name string }{{"0.5", "p50"}, {"0.9", "p90"}, {"0.95", "p95"}, {"0.99", "p99"}} {
		out = append(out, query{either(func(h string) string { return quantile(q.q, by, h) }, histograms...), legend + " " + q.name})
	}
	return append(out, query{either(func(h string) string { return mean(by, h) }, histograms...), legend + " mean"})
}

// named gives the series of an expression a constant label, so that several can be one query.
func named(label, value, expr string) string {
	return fmt.Sprintf(`label_replace(%s, "%s", "%s", "", "")`, expr, label, value)
}
