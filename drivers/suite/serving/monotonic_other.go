//go:build !linux

package serving

import "time"

// monotonic is unknown: moments count from the beginning of the run.
func monotonic() time.Duration { return 0 }
