package vector

import (
	"context"
	"fmt"
	"time"

	"assay/drivers/suite"
)

// indexWithin bounds the wait for the index; tests shorten it.
var indexWithin = 10 * time.Minute

// refusals is how many failures in a row say that waiting longer is of no use.
const refusals = 10

// indexReady waits for the index and says how long it took. A server that refuses queries has no such time.
func (r *runner) indexReady(ctx context.Context, id string) error {
	took, ready, err := r.awaitIndex(ctx, id)
	if ready {
		r.metrics["index_ready_s"] = took.Seconds()
	}
	return err
}

// awaitIndex waits until the server says that everything is indexed and gives the same answer twice. It is no error when
// the server refuses to answer: the queries that follow will count that.
func (r *runner) awaitIndex(ctx context.Context, id string) (took time.Duration, ready bool, err error) {
	r.progress("waiting for the index")
	ctx, cancel := context.WithTimeoutCause(ctx, indexWithin, fmt.Errorf("the index was not ready within %s", indexWithin))
	defer cancel()
	began, last := time.Now(), ""
	for refused := 0; refused < refusals; {
		answer, f := r.chroma.raw(ctx, shortTimeout, "POST", queryPath(id), r.bodies[0])
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

// later says that a failure may pass: of a server that is busy, starting or out of reach.
func later(f *suite.Failure) bool {
	switch f.Kind {
	case "http_429", "http_503", "timeout", "connect", "connection_lost":
		return true
	}
	return false
}
