package suite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"syscall"

	"assay/drivers"
	"assay/drivers/bounded"
)

// Failure is a request that did not succeed. Kind is part of a metric's name (failed_<kind>): lower case, few values.
type Failure struct {
	Kind    string
	Message string
}

func (f *Failure) Error() string { return f.Message }

// TooLarge is the kind of a failure whose answer is larger than an honest one can be (bounded.TooLarge).
const TooLarge = "answer_too_large"

// Failed makes a Failure of a transport's error. The kinds are answer_too_large, timeout, connect (the address did not answer),
// connection_lost (it answered, then broke off), interrupted (the run was stopped) and transport (the rest).
func Failed(err error) *Failure {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f
	}
	kind := "transport"
	netErr, isNet := errors.AsType[net.Error](err)
	opErr, isOp := errors.AsType[*net.OpError](err)
	_, tooLarge := errors.AsType[*bounded.TooLarge](err)
	switch {
	case tooLarge:
		kind = TooLarge
	case errors.Is(err, context.DeadlineExceeded), isNet && netErr.Timeout():
		kind = "timeout"
	case errors.Is(err, context.Canceled):
		kind = "interrupted"
	case isOp && opErr.Op == "dial":
		kind = "connect"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET),
		errors.Is(err, syscall.EPIPE):
		kind = "connection_lost"
	}
	return &Failure{Kind: kind, Message: err.Error()}
}

// FailedStatus makes a Failure of an HTTP status other than success. Body is the beginning of the answer.
func FailedStatus(code int, body []byte) *Failure {
	text := strings.Join(strings.Fields(string(body)), " ")
	return &Failure{Kind: StatusKind(code), Message: fmt.Sprintf("HTTP status %d: %.300s", code, text)}
}

// ownKind are the statuses that are a kind of their own: those that say what to do about them.
var ownKind = []int{204, 400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 424, 429, 499, 500, 501, 502, 503, 504, 507, 529}

// StatusKind is http_404 for a common HTTP status other than success, http_4xx for another one of that class, and http_other
// for what is none. A server chooses the status, and each kind is a metric.
func StatusKind(code int) string {
	switch {
	case slices.Contains(ownKind, code):
		return fmt.Sprintf("http_%d", code)
	case code >= 100 && code <= 599:
		return fmt.Sprintf("http_%dxx", code/100)
	}
	return "http_other"
}

// Tally counts failures by kind and keeps one message of each.
type Tally struct {
	counts   map[string]int
	examples map[string]string
}

// Add counts one.
func (t *Tally) Add(f *Failure) {
	if t.counts == nil {
		t.counts, t.examples = map[string]int{}, map[string]string{}
	}
	if t.counts[f.Kind]++; t.counts[f.Kind] == 1 {
		t.examples[f.Kind] = f.Message
	}
}

// Merge adds all of o.
func (t *Tally) Merge(o *Tally) {
	for kind, n := range o.counts {
		t.Add(&Failure{Kind: kind, Message: o.examples[kind]})
		t.counts[kind] += n - 1
	}
}

// Total is how many there were.
func (t *Tally) Total() int {
	n := 0
	for _, c := range t.counts {
		n += c
	}
	return n
}

// Oversized is a fault when answers were larger than honest ones can be: what such a server sends is not measured.
func (t *Tally) Oversized() []drivers.Reason {
	n := t.counts[TooLarge]
	if n == 0 {
		return nil
	}
	return []drivers.Reason{NewReason(ReasonAnswerTooLarge, "%d answers were cut off: %s", n, t.examples[TooLarge])}
}

// Report adds failed_<kind> for every kind that occurred.
func (t *Tally) Report(metrics map[string]float64) {
	for kind, n := range t.counts {
		metrics["failed_"+kind] = float64(n)
	}
}

// String lists the kinds, most frequent first, each with an example.
func (t *Tally) String() string {
	kinds := slices.Sorted(maps.Keys(t.counts))
	slices.SortStableFunc(kinds, func(a, b string) int { return t.counts[b] - t.counts[a] })
	var parts []string
	for _, k := range kinds {
		parts = append(parts, fmt.Sprintf("%d x %s (%s)", t.counts[k], k, t.examples[k]))
	}
	return strings.Join(parts, ", ")
}
