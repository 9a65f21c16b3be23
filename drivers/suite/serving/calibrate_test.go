package serving

import (
	"net/http"
	"strings"
	"testing"

	"assay/api/v1alpha1"
)

// A server whose context is shorter than the sample is asked with a shorter one; one that refuses every length is an error.
func TestCalibrateShortContext(t *testing.T) {
	for most, want := range map[int]string{1000: "", 100: "", 5: "does not answer a plain request"} {
		f := &flawed{}
		f.misbehave = func(_ int, w http.ResponseWriter, _ string) bool {
			f.mu.Lock()
			defer f.mu.Unlock()
			if len(strings.Fields(f.prompts[len(f.prompts)-1])) <= most {
				return false
			}
			http.Error(w, "the maximum context length is shorter", http.StatusBadRequest)
			return true
		}
		res, _, err := measure(t, spec(func(v *v1alpha1.Serving) { v.Dataset, v.InputTokens, v.Prompts = "random", 1, 5 }), serve(t, f))
		if want != "" {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("at most %d words: %v", most, err)
			}
		} else if err != nil || res.Metrics["completed"] != 5 {
			t.Errorf("at most %d words: %v, %v", most, err, res.Metrics)
		}
	}
}
