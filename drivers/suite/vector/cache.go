package vector

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"assay/drivers/suite"
)

const (
	pairs       = 100 // queries that are asked twice
	fewestPairs = 30  // unless they take longer than a level
	pairsShare  = 5   // the time for them is this part of a level
	muchFaster  = 0.5 // of the time: then the answer was remembered; warm memory alone gives 0.75
	beyondLuck  = 3.3 // standard deviations, of as many pairs in which either can be faster
)

// repeats asks new queries, each of them a second time right after the first, and says so when the second is answered much
// faster. The levels ask nothing twice, so their figures are without such a cache.
func (r *runner) repeats(ctx context.Context, id string) error {
	r.progress("asking queries twice")
	const name = "repeated_query_speedup"
	path, began, within := r.chroma.queryPath(id), time.Now(), r.spec.LevelTime()
	l := r.asker.level("repeats", pairs, 0)
	var first, second []float64
	faster, n := 0, 0
	for ; n < pairs && ctx.Err() == nil; n++ {
		if took := time.Since(began); took > within || took > within/pairsShare && n >= fewestPairs {
			break
		}
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
	if len(first) == 0 {
		r.missing(name, fmt.Sprintf("none of %d queries was answered twice", n))
		return nil
	}
	alone, again := median(first), median(second)
	r.metrics[name] = alone / max(again, 1e-6)
	if all := float64(len(first)); again < muchFaster*alone && 2*float64(faster)-all >= beyondLuck*math.Sqrt(all) {
		r.note(suite.ReasonCachedQueries, "a query that was asked just before is answered in %.3g ms instead of %.3g ms: the server remembers answers. No level asks "+
			"a query twice, so its figures are without that; users who repeat queries see more", again, alone)
	}
	return nil
}

func median(v []float64) float64 { return suite.Percentile(slices.Sorted(slices.Values(v)), 50) }
