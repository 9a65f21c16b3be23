//go:build !linux

package suite

import "time"

// Usage is what the client and its host have used up to a time: here only the time is known.
type Usage struct {
	At                time.Time
	Own, Host, Pauses time.Duration
	GCs               int64
}

// ReadUsage reads it now.
func ReadUsage() Usage { return Usage{At: time.Now()} }
