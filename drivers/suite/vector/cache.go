package vector

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"assay/drivers/suite"
)

const (
	pairs       = 100 // queries that are asked twice
	fewestPairs = 10
	pairsShare  = 5   // the time for them is this part of a level
	muchFaster  = 0.5 // of the time: then the answer was remembered; warm memory alone gives 0.75
	mostFaster  = 0.8 // of the pairs
)

// repeats asks new queries, each of them a second time right after the first, and says so when the second is answered much
// faster. The levels ask nothing twice, so their figures are without such a cache.
func (r *runner) repeats(ctx context.Context, id string) error {
	r.progress("asking queries twice")
	const name = "repeated_query_speedup"
	path, end := r.chroma.queryPath(id), time.Now().Add(r.spec.LevelTime()/pairsShare)
	l := r.asker.level("repeats", pairs, 0)
	var first, second []float64
	faster, n := 0, 0
	for ; n < pairs && ctx.Err() == nil && (n < fewestPairs || time.Now().Before(end)); n++ {
		var a, b asked
		r.chroma.one(ctx, path, l.made[n].body, time.Now(), &a)
		r.chroma.one(ctx, path, l.made[n].body, time.Now(), &b)
		if f := cmp.Or(a.failure, b.failure); f != nil {
			if f.Kind == suite.TooLarge {
				r.oversized(f)
			}
			continue // the levels count a server's failures
		}
		first, second = append(first, suite.Millis(a.latency)), append(second, suite.Millis(b.latency))
		if b.latency < a.latency {
			faster++
		}
	}
	l.asked(n)
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(first) < fewestPairs {
		r.missing(name, fmt.Sprintf("only %d of %d queries were answered twice", len(first), n))
		return nil
	}
	alone, again := median(first), median(second)
	r.metrics[name] = alone / max(again, 1e-6)
	if again < muchFaster*alone && float64(faster) >= mostFaster*float64(len(first)) {
		r.note(suite.ReasonCachedQueries, "a query that was asked just before is answered in %.3g ms instead of %.3g ms: the server remembers answers. No level asks "+
			"a query twice, so its figures are without that; users who repeat queries see more", again, alone)
	}
	return nil
}

func median(v []float64) float64 { return suite.Percentile(slices.Sorted(slices.Values(v)), 50) }
