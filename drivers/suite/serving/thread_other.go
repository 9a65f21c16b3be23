//go:build !linux

package serving

// stepBack does nothing: a thread has no priority of its own here.
func stepBack() {}
