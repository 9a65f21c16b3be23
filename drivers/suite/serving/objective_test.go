package serving

import (
	"net/http"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// TestObjective: a search's run says how many requests kept each bound, and all together; one that failed kept none, and a load
// at which too many fail is missed, whatever its shares. Other runs say nothing of it.
func TestObjective(t *testing.T) {
	slow := func(every int) func(int, http.ResponseWriter, string) bool {
		return func(n int, w http.ResponseWriter, text string) bool {
			if n <= 6 || n%every != 2 { // the first ones are of the probe
				return false
			}
			time.Sleep(400 * time.Millisecond)
			return false
		}
	}
	for name, c := range map[string]struct {
		misbehave func(int, http.ResponseWriter, string) bool
		missed    string
		good      int
	}{
		"one in five is slow": {slow(5), "", 16},
		"one in five fails": {func(n int, w http.ResponseWriter, _ string) bool {
			if n > 6 && n%5 == 2 {
				panic(http.ErrAbortHandler)
			}
			return false
		}, "ErrorRate", 16},
	} {
		t.Run(name, func(t *testing.T) {
			req := request0(serve(t, &flawed{knows: structuredOutputs, misbehave: c.misbehave}))
			req.Objective = v1alpha1.SLO{"ttft_p90": v1alpha1.Duration(300 * time.Millisecond), "e2el": v1alpha1.Duration(20 * time.Second)}
			res, err := Suite{}.Run(t.Context(), req, t.TempDir(), func(string) {})
			if err != nil || res.Objective == nil {
				t.Fatalf("%v %+v", err, res)
			}
			if res.Objective.Missed != c.missed || len(res.Objective.Parts) != 2 {
				t.Errorf("%+v", res.Objective)
			}
			for i, part := range []string{"ttft_p90", "goodput"} {
				if k := res.Objective.Parts[i]; k.Part != part || k.Good != c.good || k.Of != 20 || k.Effective < 1 || k.Effective > 20 {
					t.Errorf("%+v", k)
				}
			}
			if got := res.Metrics["goodput_rate_percent"]; got != 80 {
				t.Errorf("goodput %v %%", got)
			}
		})
	}
	if res, _, err := measure(t, spec(nil), serve(t, &flawed{knows: structuredOutputs})); err != nil || res.Objective != (*drivers.Objective)(nil) {
		t.Errorf("%v %+v", err, res.Objective)
	}
}
