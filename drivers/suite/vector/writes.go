package vector

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"assay/drivers/suite"
)

// duringWrites measures an open loop of queries while vectors are added. A query must find what was acknowledged before
// it was sent.
func (r *runner) duringWrites(ctx context.Context, id string) error {
	w := r.writes
	if w == nil {
		return nil
	}
	var wg sync.WaitGroup
	stop := make(chan struct{})
	began := time.Now()
	wg.Go(func() { w.run(ctx, stop, r.chroma, id) })
	got, err := r.open(ctx, id, "query_writing")
	close(stop)
	wg.Wait()
	took := time.Since(began)
	if err != nil {
		return err
	}
	r.requests += w.requests
	r.failures.Merge(&w.failures)
	r.sum("query_writing", "query_writing_", got, r.truth, func(a asked) int { return w.stored(got.start.Add(a.sent)) })
	acked := w.stored(time.Now())
	r.metrics["writes_per_s"] = float64(acked) / took.Seconds()
	if got := r.metrics["writes_per_s"]; got < 0.9*w.rate {
		r.note(suite.ReasonSlowWrites, "%.0f vectors a second were added, not the %.0f that were asked for", got, w.rate)
	}
	stored, err := r.counted(ctx, id, r.data.rows()+acked)
	r.metrics["vectors_stored_at_the_end"] = float64(stored)
	return err
}

// writes is a load of batches to add at a rate, and its outcome. The requests are encoded before the clock starts: encoding
// would slow the queries that are measured at the same time.
type writes struct {
	bodies   [][]byte
	rows     []int // how many are stored with each batch
	rate     float64
	requests int
	failures suite.Tally
	acked    []time.Time // by batch
}

func prepareWrites(data matrix, b batches, rate float64) (*writes, error) {
	w := &writes{rate: rate}
	b.size = max(1, min(b.size, int(rate/10))) // ten batches a second, of one row or more
	for from := 0; from < data.rows(); from += b.size {
		to := min(from+b.size, data.rows())
		body, err := b.body(data, from, to)
		if err != nil {
			return nil, fmt.Errorf("encoding vectors %d to %d: %w", from, to, err)
		}
		w.bodies, w.rows = append(w.bodies, body), append(w.rows, to)
	}
	return w, nil
}

// run adds one batch after the other until stop is closed, all are stored, or one fails: a search would be blamed for rows
// that were never stored. The batch under way at the end is waited for, so that the count is known.
func (w *writes) run(ctx context.Context, stop <-chan struct{}, c *chroma, id string) {
	start, before := time.Now(), 0
	for i, body := range w.bodies {
		due := time.Duration(float64(before) / w.rate * float64(time.Second))
		select {
		case <-stop:
			return
		case <-time.After(due - time.Since(start)):
		}
		_, _, f := c.timed(ctx, insert, addTimeout, http.MethodPost, c.addPath(id), body)
		w.requests++
		if f != nil {
			w.failures.Add(f)
			return
		}
		w.acked, before = append(w.acked, time.Now()), w.rows[i]
	}
}

// stored is how many rows had been acknowledged at a time.
func (w *writes) stored(at time.Time) (rows int) {
	for i, then := range w.acked {
		if !then.After(at) {
			rows = w.rows[i]
		}
	}
	return rows
}
