package vector

import (
	"context"
	"fmt"
	"time"

	"assay/drivers/suite"
)

// indexWithin bounds the wait for the index; tests shorten it.
var indexWithin = 10 * time.Minute

// refusals is the number of failures in a row after which the wait ends.
const refusals = 10

// indexReady waits for the index and reports how long it took, unless the server refuses queries.
func (r *runner) indexReady(ctx context.Context, id string) error {
	took, ready, err := r.awaitIndex(ctx, id)
	if ready {
		r.metrics["index_ready_s"] = took.Seconds()
	}
	return err
}

// awaitIndex waits until the server reports that everything is indexed and gives the same answer twice. A server that
// refuses queries is not ready, without an error: the queries that follow count its refusals.
func (r *runner) awaitIndex(ctx context.Context, id string) (took time.Duration, ready bool, err error) {
	r.progress("waiting for the index")
	ctx, cancel := context.WithTimeoutCause(ctx, indexWithin, fmt.Errorf("the index was not ready within %s", indexWithin))
	defer cancel()
	began, last := time.Now(), ""
	path, probe := r.chroma.queryPath(id), r.asker.probe()
	for refused := 0; refused < refusals; {
		answer, f := r.chroma.raw(ctx, shortTimeout, "POST", path, probe)
		switch {
		case f == nil && string(answer) == last && r.chroma.indexed(ctx, id):
			return time.Since(began), true, nil
		case f == nil:
			last, refused = string(answer), 0
		case !later(f):
			refused++
		}
		select {
		case <-ctx.Done():
			return 0, false, context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
	return 0, false, nil
}

// later reports whether a failure can pass: the server is busy, starting or out of reach.
func later(f *suite.Failure) bool {
	switch f.Kind {
	case "http_429", "http_503", "timeout", "connect", "connection_lost":
		return true
	}
	return false
}
