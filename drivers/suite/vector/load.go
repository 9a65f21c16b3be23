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

// ingest stores all rows, one batch after the other.
func (c *chroma) ingest(ctx context.Context, id string, data matrix, batch int, packed bool, progress func(string)) (ingested, error) {
	var in ingested
	path := database + "/collections/" + url.PathEscape(id) + "/add"
	told := time.Now()
	for from := 0; from < data.rows() && ctx.Err() == nil; from += batch {
		to := min(from+batch, data.rows())
		body, err := addBody(data, from, to, packed)
		if err != nil {
			return in, fmt.Errorf("encode vectors %d to %d: %w", from, to, err)
		}
		sent := time.Now()
		_, f := c.raw(ctx, addTimeout, http.MethodPost, path, body)
		took := time.Since(sent)
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

// asked is one query as the client saw it.
type asked struct {
	latency time.Duration
	answer  []byte
	failure *suite.Failure
}

// ask sends every body once, by that many workers, and says how long all of it took.
func (c *chroma) ask(ctx context.Context, id string, bodies [][]byte, workers int) ([]asked, time.Duration, error) {
	path := database + "/collections/" + url.PathEscape(id) + "/query"
	out := make([]asked, len(bodies))
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
				sent := time.Now()
				answer, f := c.raw(ctx, shortTimeout, http.MethodPost, path, bodies[i])
				out[i] = asked{latency: time.Since(sent), answer: answer, failure: f}
			}
		})
	}
	wg.Wait()
	return out, time.Since(start), ctx.Err()
}
