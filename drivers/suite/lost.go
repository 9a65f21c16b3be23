package suite

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"syscall"

	"assay/drivers"
)

// lostBy is the word for what the error of a suite lost: also when it could not reach its target in the first place.
func lostBy(err error) string {
	if f, ok := errors.AsType[*Failure](err); ok && slices.Contains(unanswered, f.Kind) {
		return drivers.LostTarget
	}
	if word := drivers.LostBy(err); word != "" {
		return word
	}
	op, ok := errors.AsType[*net.OpError](err)
	if ok && (op.Op == "dial" || op.Timeout() || errors.Is(err, syscall.ECONNRESET)) {
		return drivers.LostTarget
	}
	if u, ok := errors.AsType[*url.Error](err); ok && u.Timeout() {
		return drivers.LostTarget
	}
	return ""
}

// unanswered are the kinds of Failure in which a server did not answer at all.
var unanswered = []string{"connect", "timeout", "connection_lost"}

// Unanswered is a loss when every request failed and none was answered: then the target is gone, and there is nothing to
// judge. A server that answers, with whatever status, is judged.
func (t *Tally) Unanswered(succeeded int, targets []string) error {
	if succeeded > 0 || t.Total() == 0 {
		return nil
	}
	for kind := range t.counts {
		if !slices.Contains(unanswered, kind) {
			return nil
		}
	}
	return &drivers.Lost{Word: drivers.LostTarget, Err: fmt.Errorf("not one of %d requests was answered by %v: %s", t.Total(), targets, t)}
}
