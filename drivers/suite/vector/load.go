package vector

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"assay/drivers/suite"
	"assay/drivers/suite/selfwatch"
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
		_, took, f := c.timed(ctx, insert, addTimeout, http.MethodPost, c.addPath(id), body)
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
	unread    bool // the answer was not kept
	scored    int32
	failure   *suite.Failure
}

// one sends a query.
func (c *chroma) one(ctx context.Context, path string, body []byte, start time.Time, out *asked) {
	out.sent = time.Since(start)
	out.answer, out.latency, out.failure = c.timed(ctx, get, shortTimeout, http.MethodPost, path, body)
}

// rows are the rows that an answer names. An answer with a row that the filter forbids is a failure.
func (a asked) rows(t *truth) ([]int, *suite.Failure) {
	if a.failure != nil || a.unread {
		return nil, a.failure
	}
	found, f := idsOf(a.answer)
	if f == nil && !t.allows(found) {
		f = &suite.Failure{Kind: "filter_ignored", Message: "the answer has vectors that the filter forbids"}
	}
	return found, f
}

// phase is the answers to all queries that were asked.
type phase struct {
	answers []asked
	start   time.Time
	took    time.Duration
	lost    float64          // see idle
	seen    selfwatch.Report // of the client, meanwhile
}

// askAt sends a question at each moment after the start, whether or not the others have ended.
func (c *chroma) askAt(ctx context.Context, id string, l *level, moments []time.Duration) (phase, error) {
	timer, err := suite.NewPacer()
	if err != nil {
		return phase{}, err
	}
	defer timer.Close()
	path, out := c.queryPath(id), make([]asked, len(moments))
	random, row := l.random("late"), make([]float32, l.known.dim)
	var wg sync.WaitGroup
	defer wg.Wait()
	start := time.Now()
	for i := range moments {
		q := l.question(i, random, row)
		out[i].scored = q.scored
		out[i].due = moments[i]
		for wait := moments[i] - time.Since(start); wait > 0 && ctx.Err() == nil; wait = moments[i] - time.Since(start) {
			if err := timer.Pause(min(wait, 50*time.Millisecond)); err != nil {
				return phase{}, err
			}
		}
		if ctx.Err() != nil {
			break
		}
		wg.Go(func() { c.one(ctx, path, q.body, start, &out[i]) })
	}
	wg.Wait()
	return phase{answers: out, start: start, took: time.Since(start)}, ctx.Err()
}
