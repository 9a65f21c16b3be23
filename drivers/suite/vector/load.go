package vector

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"assay/drivers/suite"
)

// ingested is the outcome of storing the vectors.
type ingested struct {
	requests int
	acked    int           // vectors
	busy     time.Duration // inside requests
	failures suite.Tally
}

// batches is how rows are sent.
type batches struct {
	size     int  // rows of a request
	packed   bool // as base64
	buckets  bool // with the metadata that filters select by
	firstRow int  // the number of the first row
}

func addPath(id string) string { return database + "/collections/" + url.PathEscape(id) + "/add" }

// ingest stores all rows, one batch after the other.
func (c *chroma) ingest(ctx context.Context, id string, data matrix, b batches, progress func(string)) (ingested, error) {
	var in ingested
	reported := time.Now()
	for from := 0; from < data.rows() && ctx.Err() == nil; from += b.size {
		to := min(from+b.size, data.rows())
		body, err := b.body(data, from, to)
		if err != nil {
			return in, fmt.Errorf("encoding vectors %d to %d: %w", from, to, err)
		}
		_, took, f := c.timed(ctx, insert, addTimeout, http.MethodPost, addPath(id), body)
		in.requests++
		if f != nil {
			in.failures.Add(f)
		} else {
			in.acked, in.busy = in.acked+to-from, in.busy+took
		}
		if time.Since(reported) > time.Second {
			reported = time.Now()
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

// rows are the rows that an answer names. An answer with a row that the filter forbids is a failure.
func (a asked) rows(t *truth) ([]int, *suite.Failure) {
	if a.failure != nil {
		return nil, a.failure
	}
	found, f := idsOf(a.answer)
	if f == nil && !t.allows(found) {
		f = &suite.Failure{Kind: "filter_ignored", Message: "the answer has vectors that the filter forbids"}
	}
	return found, f
}

// phase is the answers to all queries, in their order.
type phase struct {
	answers []asked
	start   time.Time
	took    time.Duration
}

// grows says how the queue of an open loop grew; empty when it did not, or when the loop was closed: there each is due when it is sent.
func (p phase) grows() string {
	if !slices.ContainsFunc(p.answers, func(a asked) bool { return a.sent != a.due }) {
		return ""
	}
	due, ended := make([]time.Duration, len(p.answers)), make([]time.Duration, len(p.answers))
	for i, a := range p.answers {
		due[i], ended[i] = a.due, a.sent+a.latency
	}
	return suite.NewQueue(due, ended).Grows(suite.LeastRise)
}

// inFlight is how many queries were in flight when each was sent, itself among them.
func (p phase) inFlight() []float64 {
	starts, ends, out := make([]time.Duration, len(p.answers)), make([]time.Duration, len(p.answers)), make([]float64, len(p.answers))
	for i, a := range p.answers {
		starts[i], ends[i] = a.sent, a.sent+a.latency
	}
	slices.Sort(starts)
	slices.Sort(ends)
	for i, a := range p.answers {
		began, _ := slices.BinarySearch(starts, a.sent+1)
		ended, _ := slices.BinarySearch(ends, a.sent+1)
		out[i] = float64(max(1, began-ended))
	}
	return out
}

// ask sends every body once, by that many workers.
func (c *chroma) ask(ctx context.Context, id string, bodies [][]byte, workers int) (phase, error) {
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
	return phase{out, start, time.Since(start)}, ctx.Err()
}

// askAt sends every body at its time after the start, whether or not the others have ended.
func (c *chroma) askAt(ctx context.Context, id string, bodies [][]byte, moments []time.Duration) (phase, error) {
	timer, err := suite.NewPacer()
	if err != nil {
		return phase{}, err
	}
	defer timer.Close()
	path, out := queryPath(id), make([]asked, len(bodies))
	var wg sync.WaitGroup
	defer wg.Wait()
	start := time.Now()
	for i := range bodies {
		out[i].due = moments[i]
		for wait := moments[i] - time.Since(start); wait > 0 && ctx.Err() == nil; wait = moments[i] - time.Since(start) {
			if err := timer.Pause(min(wait, 50*time.Millisecond)); err != nil {
				return phase{}, err
			}
		}
		if ctx.Err() != nil {
			break
		}
		wg.Go(func() { c.one(ctx, path, bodies[i], start, &out[i]) })
	}
	wg.Wait()
	return phase{out, start, time.Since(start)}, ctx.Err()
}
