//go:build !linux

package serving

import "time"

// stepBack does nothing: a thread has no priority of its own here.
func stepBack() {}

// cpuTime is not known.
func cpuTime() time.Duration { return 0 }
