//go:build !linux

package socket

import "time"

// Monotonic is unknown: moments count from the beginning of the run.
func Monotonic() time.Duration { return 0 }
