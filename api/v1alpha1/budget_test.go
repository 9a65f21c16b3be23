package v1alpha1

import (
	"strings"
	"testing"
)

func TestParseBudget(t *testing.T) {
	b, err := ParseBudget("nodeHours=24, gpuHours=1.5,until=2026-12-24")
	if err != nil || b.NodeHours != 24 || b.GPUHours != 1.5 || b.Until.String() != "2026-12-24T00:00:00Z" {
		t.Errorf("%+v, %v", b, err)
	}
	for _, text := range []string{"nodeHours", "nodeHours=-1", "nodeHours=NaN", "hours=3", "until=soon"} {
		if b, err := ParseBudget(text); err == nil || !b.IsZero() || !strings.Contains(err.Error(), "write nodeHours=24") {
			t.Errorf("%s: %+v, %v", text, b, err)
		}
	}
}
