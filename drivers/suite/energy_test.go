package suite

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"assay/drivers"
)

// TestJoules: trapezoids within the window, interpolated at its edges; what was not sampled is not known.
func TestJoules(t *testing.T) {
	at := func(seconds ...float64) (out []power) {
		for i := 0; i < len(seconds); i += 2 {
			out = append(out, power{time.Duration(seconds[i] * float64(time.Second)), seconds[i+1]})
		}
		return out
	}
	for name, test := range map[string]struct {
		samples  []power
		from, to float64
		want     float64
		err      string
	}{
		"constant":                     {at(0, 100, 2, 100, 4, 100), 1, 3, 200, ""},
		"a ramp, cut at both edges":    {at(0, 0, 2, 200, 4, 400), 1, 3, 400, ""},
		"high before and after":        {at(0, 1000, 1, 100, 2, 100, 3, 1000), 1, 2, 100, ""},
		"within one gap":               {at(0, 100, 2, 300), 0.5, 1.5, 200, ""},
		"a gap of more than 3 s":       {at(0, 100, 1, 100, 4.5, 100, 5, 100), 0.5, 4.9, 0, "not sampled for 3.5s"},
		"such a gap before the window": {at(0, 100, 4, 100, 5, 100, 6, 100), 4.5, 5.5, 100, ""},
		"no sample before":             {at(1, 100, 2, 100), 0.5, 1.5, 0, "before and after"},
		"no sample after":              {at(1, 100, 2, 100), 1.5, 2.5, 0, "before and after"},
		"no sample":                    {nil, 0, 1, 0, "before and after"},
	} {
		second := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
		got, err := joules(test.samples, second(test.from), second(test.to))
		if test.err == "" && (err != nil || math.Abs(got-test.want) > 1e-9) || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
			t.Errorf("%s: %v, %v, want %v %s", name, got, err, test.want, test.err)
		}
	}
}

// nodeCounters serves the counters of a node, with what draws says of its cards.
func nodeCounters(t *testing.T, draws func() (text string)) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "# TYPE node_uname_info gauge\nnode_uname_info{release=\"6.1.0\"} 1\n# TYPE assay_cpu_info gauge\nassay_cpu_info{cpus=\"64\",model_name=\"EPYC\"} 1\n"+draws())
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func cardsText(zero, one string) string {
	text := "# TYPE assay_gpu_sample_age_seconds gauge\nassay_gpu_sample_age_seconds 0\n"
	for _, metric := range []string{"DCGM_FI_DEV_POWER_USAGE", "DCGM_FI_DEV_FB_TOTAL", "assay_gpu_info"} {
		text += "# TYPE " + metric + " gauge\n"
		for i, watts := range []string{zero, one} {
			if metric != "DCGM_FI_DEV_POWER_USAGE" || watts != "" {
				value := map[bool]string{true: watts, false: "1"}[metric == "DCGM_FI_DEV_POWER_USAGE"]
				text += fmt.Sprintf("%s{gpu=\"%d\",UUID=\"GPU-%d\",modelName=\"H100\",driver_version=\"570.1\"} %s\n", metric, i, i, value)
			}
		}
	}
	return text
}

// TestEnergyIsThatOfTheWindow: a card that draws much while a run is prepared and little while it measures costs little, and
// only the target's cards count. Without cards, or with one that does not say what it draws, there is no energy, and why.
func TestEnergyIsThatOfTheWindow(t *testing.T) {
	var measuring atomic.Bool
	suite := suiteFunc(func(ctx context.Context, _ string, _ func(string)) (drivers.SuiteResult, error) {
		time.Sleep(1200 * time.Millisecond) // two samples of the preparation
		measuring.Store(true)
		time.Sleep(1200 * time.Millisecond)
		s := NewStopwatch()
		end := s.Start("")
		time.Sleep(1500 * time.Millisecond)
		end()
		return drivers.SuiteResult{Valid: true, Window: s.Window(), Metrics: map[string]float64{"completed": 10, "output_tokens": 100}}, nil
	})
	run := func(t *testing.T, meters ...drivers.Meter) drivers.SuiteResult {
		measuring.Store(false)
		req := serving()
		req.Meters = meters
		_, res, err := execute(t.Context(), runDir(t, req), Suites{Serving: suite})
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	draws := func(before, then, other string) string {
		return nodeCounters(t, func() string {
			if measuring.Load() {
				return cardsText(then, other)
			}
			return cardsText(before, other)
		})
	}
	t.Run("a card", func(t *testing.T) {
		res := run(t, drivers.Meter{Node: "n1", URL: draws("5000", "100", "900"), GPUs: []string{"0"}})
		if got := res.Metrics["gpu_power_mean_w"]; math.Abs(got-100) > 1 {
			t.Errorf("%v W on average, want 100; absent %v", got, res.Absent)
		}
		j := res.Metrics["energy_j"]
		if math.Abs(res.Metrics["energy_per_output_token_j"]-j/100) > 1e-9 || math.Abs(res.Metrics["energy_per_request_j"]-j/10) > 1e-9 {
			t.Errorf("%v", res.Metrics)
		}
		if len(res.Nodes) != 1 || res.Nodes[0].Kernel != "6.1.0" || res.Nodes[0].CPU != "EPYC" || len(res.Nodes[0].GPUs) != 1 || res.Nodes[0].GPUs[0] != (drivers.GPU{Index: "0", UUID: "GPU-0", Model: "H100", Driver: "570.1"}) {
			t.Errorf("nodes %+v", res.Nodes)
		}
	})
	for name, test := range map[string]struct {
		meters []drivers.Meter
		why    string
	}{
		"no meter":                     {nil, "assay does not run its server"},
		"no card":                      {[]drivers.Meter{{Node: "n1", URL: nodeCounters(t, func() string { return "" })}}, "its counters show no GPU"},
		"a card that says nothing":     {[]drivers.Meter{{Node: "n1", URL: nodeCounters(t, func() string { return cardsText("100", "") })}}, "card GPU-1 of node n1 shows no power"},
		"counters that cannot be read": {[]drivers.Meter{{Node: "n1", URL: "http://127.0.0.1:1/metrics"}}, "could not be read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res := run(t, test.meters...)
			if _, is := res.Metrics["energy_j"]; is || !strings.Contains(res.Absent[energyOf], test.why) {
				t.Errorf("%v, absent %v, want %q", res.Metrics, res.Absent, test.why)
			}
		})
	}
}
