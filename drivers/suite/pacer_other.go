//go:build !linux

package suite

import "time"

// Pacer sleeps; see pacer_linux.go for the precise one.
type Pacer struct{}

// NewPacer makes one.
func NewPacer() (*Pacer, error) { return &Pacer{}, nil }

func (*Pacer) Pause(d time.Duration) error {
	time.Sleep(d)
	return nil
}

func (*Pacer) Close() {}
