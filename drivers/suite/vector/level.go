package vector

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"assay/drivers/suite"
	"assay/drivers/suite/selfwatch"
)

const (
	warmUpShare = 10 // a level's warm-up is this part of it
	hopeless    = 100
	mostKept    = 256 << 20 // bytes of answers whose neighbours are not known; what comes after them is not read again
)

// shortest is the least that a level can last; tests lower it.
var shortest = time.Second

// warmUp asks by so many workers for a tenth of a level, and returns how many queries a second succeeded. Nothing of it is
// measured: it fills the server's caches with the index, and says how many questions a level needs.
func (r *runner) warmUp(ctx context.Context, id, name string, workers, below int) (rate float64) {
	within := r.spec.LevelTime() / warmUpShare
	path := r.chroma.queryPath(id)
	var answered atomic.Int64
	var wg sync.WaitGroup
	oversized := make(chan *suite.Failure)
	start := time.Now()
	for w := range workers {
		wg.Go(func() {
			random, row := suite.Rand(r.req.Seed, fmt.Sprint(name, " warm-up ", w)), make([]float32, r.queries.dim)
			for i := 0; ctx.Err() == nil && (i == 0 || time.Since(start) < within); i++ {
				_, f := r.chroma.raw(ctx, shortTimeout, "POST", path, r.asker.warmUp(random, row, i*workers+w, below))
				if f == nil {
					answered.Add(1)
				} else if f.Kind == suite.TooLarge {
					oversized <- f
				}
			}
		})
	}
	go func() { wg.Wait(); close(oversized) }()
	for f := range oversized {
		r.oversized(f)
	}
	return float64(answered.Load()) / time.Since(start).Seconds()
}

// oversized counts an answer that was cut off although nothing was measured then.
func (r *runner) oversized(f *suite.Failure) {
	r.requests++
	r.failures.Add(f)
}

// closed measures one level: so many workers, each with one query at a time, until its time is over.
func (r *runner) closed(ctx context.Context, id, prefix, recallPrefix string, workers int, t *truth) (point, error) {
	within := r.spec.LevelTime()
	r.progress(fmt.Sprintf("%s: %s, after a warm-up", prefix, within))
	r.connect(ctx, workers)
	rate := r.warmUp(ctx, id, prefix, workers, t.below)
	l := r.asker.level(prefix, int(rate*within.Seconds()), t.below)
	if err := ctx.Err(); err != nil {
		return point{}, err
	}
	watch, end := selfwatch.Start(0), r.watch.Start(prefix)
	got, err := r.chroma.ask(ctx, id, l, workers, within)
	end()
	got.seen = watch.Stop()
	if err != nil {
		return point{}, err
	}
	l.asked(len(got.answers))
	return r.sum(prefix, recallPrefix, got, t, none), nil
}

// ask sends the questions of a level in order, by that many workers, until the time is over. A query that was sent before is
// waited for. Of a server that answers nothing at all it asks no more than a hundred.
func (c *chroma) ask(ctx context.Context, id string, l *level, workers int, within time.Duration) (phase, error) {
	path := c.queryPath(id)
	var next, kept, failed atomic.Int64
	var answered atomic.Bool
	parts := make([][]asked, workers)
	var wg sync.WaitGroup
	start := time.Now()
	for w := range workers {
		wg.Go(func() {
			var out []asked
			random, row := l.random(fmt.Sprint(w)), make([]float32, l.known.dim)
			for ctx.Err() == nil && time.Since(start) < within && (answered.Load() || failed.Load() < hopeless) {
				q := l.question(int(next.Add(1)-1), random, row)
				a := asked{scored: q.scored}
				c.one(ctx, path, q.body, start, &a)
				a.due = a.sent
				if a.failure != nil {
					failed.Add(1)
				} else {
					answered.Store(true)
				}
				if a.scored == unscored && kept.Add(int64(len(a.answer))) > mostKept {
					a.answer, a.unread = nil, true
				}
				out = append(out, a)
			}
			parts[w] = out
		})
	}
	wg.Wait()
	return phase{answers: slices.Concat(parts...), start: start, took: time.Since(start), lost: idle(parts)}, ctx.Err()
}

// idle is the share of their time, from the first query to the end of the last, that workers did not wait for an answer.
func idle(parts [][]asked) float64 {
	var all, waited time.Duration
	for _, p := range parts {
		if len(p) == 0 {
			continue
		}
		last := p[len(p)-1]
		all += last.sent + last.latency - p[0].sent
		for _, a := range p {
			waited += a.latency
		}
	}
	if all <= 0 {
		return 0
	}
	return float64(all-waited) / float64(all)
}
