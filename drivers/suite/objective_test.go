package suite

import (
	"testing"

	"assay/drivers"
)

// TestMissedBy: what says that the server could not follow decides, unless the client is in doubt, too.
func TestMissedBy(t *testing.T) {
	all := func(words ...string) (out []drivers.Reason) {
		for _, w := range words {
			out = append(out, drivers.Reason{Reason: w})
		}
		return out
	}
	for _, c := range []struct {
		reasons, faults []drivers.Reason
		want            string
	}{
		{nil, nil, ""},
		{all(ReasonTooFewSamples), nil, ""},
		{all(ReasonTooFewSamples, ReasonOverloaded), nil, ReasonOverloaded},
		{all(ReasonErrorRate, ReasonTooFewSamples), all(ReasonErrorRate), ReasonErrorRate},
		{all(ReasonErrorRate, ReasonClientLate), all(ReasonErrorRate, ReasonClientLate), ""},
		{all(ReasonClientLate), all(ReasonClientLate), ""},
	} {
		if got := MissedBy(c.reasons, c.faults); got != c.want {
			t.Errorf("%v, of which faults are %v: missed by %q, want %q", c.reasons, c.faults, got, c.want)
		}
	}
}
