//go:build !linux

package serving

import "time"

// pacer sleeps; see pacer_linux.go for the precise one.
type pacer struct{}

func newPacer() (*pacer, error) { return &pacer{}, nil }

func (*pacer) pause(d time.Duration) error {
	time.Sleep(d)
	return nil
}

func (*pacer) close() {}
