package vector

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"assay/drivers/suite"
)

// ingested is what storing the vectors took.
type ingested struct {
	requests int
	acked    int           // vectors
	busy     time.Duration // inside requests
	failures suite.Tally
}

// batches says how rows are sent: how many at once, in base64, with the bucket that filters ask for.
type batches struct {
	size     int
	packed   bool
	buckets  bool
	firstRow int // the number of the first row
}

func addPath(id string) string { return database + "/collections/" + url.PathEscape(id) + "/add" }

// ingest stores all rows, one batch after the other.
func (c *chroma) ingest(ctx context.Context, id string, data matrix, b batches, progress func(string)) (ingested, error) {
	var in ingested
	told := time.Now()
	for from := 0; from < data.rows() && ctx.Err() == nil; from += b.size {
		to := min(from+b.size, data.rows())
		body, err := b.body(data, from, to)
		if err != nil {
			return in, fmt.Errorf("encode vectors %d to %d: %w", from, to, err)
		}
		_, took, f := c.timed(ctx, insert, addTimeout, http.MethodPost, addPath(id), body)
		in.requests++
		if f != nil {
			in.failures.Add(f)
		} else {
			in.acked, in.busy = in.acked+to-from, in.busy+took
		}
		if time.Since(told) > time.Second {
			told = time.Now()
			progress(fmt.Sprintf("stored %d of %d vectors", to, data.rows()))
		}
	}
	return in, ctx.Err()
}

// asked is one query as the client saw it. Moments count from the phase's start.
type asked struct {
	due, sent time.Duration
	latency   time.Duration
	answer    []byte
	failure   *suite.Failure
}

func queryPath(id string) string { return database + "/collections/" + url.PathEscape(id) + "/query" }

// one sends a query.
func (c *chroma) one(ctx context.Context, path string, body []byte, start time.Time, out *asked) {
	out.sent = time.Since(start)
	out.answer, out.latency, out.failure = c.timed(ctx, get, shortTimeout, http.MethodPost, path, body)
}

// ask sends every body once, by that many workers, and says how long all of it took.
func (c *chroma) ask(ctx context.Context, id string, bodies [][]byte, workers int) ([]asked, time.Duration, error) {
	path, out := queryPath(id), make([]asked, len(bodies))
	var next atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for range min(workers, len(bodies)) {
		wg.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(bodies) {
					return
				}
				c.one(ctx, path, bodies[i], start, &out[i])
				out[i].due = out[i].sent
			}
		})
	}
	wg.Wait()
	return out, time.Since(start), ctx.Err()
}

// askAt sends every body at its moment, whatever became of the others.
func (c *chroma) askAt(ctx context.Context, id string, bodies [][]byte, moments []time.Duration) ([]asked, time.Duration, error) {
	timer, err := suite.NewPacer()
	if err != nil {
		return nil, 0, err
	}
	defer timer.Close()
	path, out := queryPath(id), make([]asked, len(bodies))
	var wg sync.WaitGroup
	start := time.Now()
	for i := range bodies {
		out[i].due = moments[i]
		for wait := moments[i] - time.Since(start); wait > 0 && ctx.Err() == nil; wait = moments[i] - time.Since(start) {
			if err := timer.Pause(min(wait, 50*time.Millisecond)); err != nil {
				return nil, 0, err
			}
		}
		if ctx.Err() != nil {
			break
		}
		wg.Go(func() { c.one(ctx, path, bodies[i], start, &out[i]) })
	}
	wg.Wait()
	return out, time.Since(start), ctx.Err()
}

// written is a batch that was acknowledged: how many rows there were then, and when.
type written struct {
	rows int
	at   time.Duration
}

// write adds rows at so many a second, one batch after the other, until ctx ends or all are there.
func (c *chroma) write(ctx context.Context, id string, data matrix, b batches, rate float64, in *ingested) (log []written) {
	start := time.Now()
	for from := 0; from < data.rows(); from += b.size {
		due := time.Duration(float64(from) / rate * float64(time.Second))
		select {
		case <-ctx.Done():
			return log
		case <-time.After(due - time.Since(start)):
		}
		to := min(from+b.size, data.rows())
		body, err := b.body(data, from, to)
		if err != nil {
			in.failures.Add(suite.Failed(err))
			return log
		}
		_, _, f := c.timed(context.WithoutCancel(ctx), insert, addTimeout, http.MethodPost, addPath(id), body)
		in.requests++
		if f != nil {
			in.failures.Add(f)
			return log // what was not stored would be missed by no fault of the search
		}
		in.acked = to
		log = append(log, written{to, time.Since(start)})
	}
	return log
}
