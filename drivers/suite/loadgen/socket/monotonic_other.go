//go:build !linux

package socket

import "time"

// Monotonic is not known here: times count from the beginning of the run.
func Monotonic() time.Duration { return 0 }
