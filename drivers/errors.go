package drivers

import "errors"

// The four kinds of error. Wrap one with %w; callers act on the kind, never on the text.
var (
	// ErrRejected: the request was refused and had no effect; asking again unchanged will be refused again.
	ErrRejected = errors.New("rejected")
	// ErrUnavailable: the other side was not reached, so there was no effect; asking again later can work.
	ErrUnavailable = errors.New("unavailable")
	// ErrUncertain: whether there was an effect is unknown; list before asking again.
	ErrUncertain = errors.New("uncertain")
	// ErrNotFound: the other side answered, and the object does not exist.
	ErrNotFound = errors.New("not found")
)
