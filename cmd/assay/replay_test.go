package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"assay/reconciler/results"
	"assay/reconciler/sealed"
)

// TestWhatAReplayCameTo: the table, the word for all, and the exit code.
func TestWhatAReplayCameTo(t *testing.T) {
	runs := func(values ...float64) (out []results.Row) {
		for i, v := range values {
			out = append(out, results.Row{Benchmark: "q", Repeat: i + 1, Valid: true, Metrics: map[string]float64{"output_throughput": v}})
		}
		return out
	}
	for word, c := range map[string]struct {
		now  []results.Row
		code int
	}{
		sealed.Reproduced:    {runs(100, 101, 99), 0},
		sealed.NotReproduced: {runs(50, 51, 49), exitNoGo},
		sealed.Inconclusive:  {nil, exitInconclusive},
	} {
		for _, format := range []string{"", "json"} {
			var out bytes.Buffer
			a := &app{out: &out, err: &bytes.Buffer{}}
			err := a.showReplay(bundleReplayOptions{name: "again", format: format}, sealed.Compare(runs(100, 100.5, 99.5), c.now, nil))
			code := 0
			if e, ok := errors.AsType[exitError](err); ok {
				code = e.code
			}
			if code != c.code || format == "" && !strings.HasSuffix(out.String(), "\n"+word+"\n") || format != "" && !strings.Contains(out.String(), `"verdict": "`+word+`"`) {
				t.Errorf("%s: exit code %d, %v\n%s", word, code, err, out.String())
			}
		}
	}
}
