package v1alpha1

import "testing"

// A run that is bounded by time has as many requests as its rate makes in that time, or as many as it can send, but never
// more than prompts says.
func TestTimed(t *testing.T) {
	for name, test := range map[string]struct {
		s    Serving
		want int
	}{
		"not timed":   {Serving{}, 1000},
		"closed loop": {Serving{Duration: 10 * minute, Concurrency: 4}, 10_000_000},
		"open loop":   {Serving{Duration: 10 * minute, Rate: 2.5}, 1500},
		"at most":     {Serving{Duration: 10 * minute, Rate: 2.5, Prompts: 100}, 100},
		"a moment":    {Serving{Duration: minute / 600, Rate: 2}, 1},
	} {
		if got := defaultServing(test.s).Prompts; got != test.want {
			t.Errorf("%s: %d requests, want %d", name, got, test.want)
		}
	}
}
