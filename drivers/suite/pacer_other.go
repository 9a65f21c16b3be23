//go:build !linux

package suite

import "time"

// Pacer sleeps; see pacer_linux.go for the precise one.
type Pacer struct{}

// NewPacer never fails here.
func NewPacer() (*Pacer, error) { return &Pacer{}, nil }

// Pause sleeps for d.
func (*Pacer) Pause(d time.Duration) error {
	time.Sleep(d)
	return nil
}

// Close does nothing here.
func (*Pacer) Close() {}
