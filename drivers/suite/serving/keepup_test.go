package serving

import (
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/suite"
	"assay/drivers/suite/loadgen/sse"
)

// worked are the records of n requests at a rate to a server that works on so many at a time in the order in which they
// came, each for a time that service says.
func worked(r *rand.Rand, n int, rate float64, slots int, service func() float64) []record {
	free, at := make([]float64, slots), 0.0
	out := make([]record, n)
	for i := range out {
		at += r.ExpFloat64() / rate
		slot := 0
		for k := range free {
			if free[k] < free[slot] {
				slot = k
			}
		}
		begin := max(at, free[slot])
		free[slot] = begin + service()
		s := sample{index: i, due: seconds(at), free: seconds(at)}
		s.sent, s.ended = s.due, seconds(free[slot])
		s.answer = sse.Answer{Events: []time.Duration{s.ended}, Usage: true, Completion: 1}
		out[i] = newRecord(s)
	}
	return out
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// lognormal is a time with that mean, and a standard deviation of the same size.
func lognormal(r *rand.Rand, mean float64) func() float64 {
	return func() float64 { return mean * math.Exp(math.Sqrt(math.Log(2))*r.NormFloat64()-math.Log(2)/2) }
}

// TestHonestLoads: a server that keeps up is not called overloaded, whatever its queue does.
func TestHonestLoads(t *testing.T) {
	for name, c := range map[string]struct {
		slots int
		load  float64
		n     int
		most  int // alarms of 400 runs
	}{
		"half, short":     {1, 0.5, 60, 0},
		"0.65":            {1, 0.65, 200, 0},
		"M/G/1, short":    {1, 0.8, 200, 0},
		"M/G/1":           {1, 0.8, 1000, 0},
		"M/G/1, at 0.95":  {1, 0.95, 1000, 4},
		"M/G/64":          {64, 0.9, 1000, 0},
		"M/G/64, filling": {64, 0.9, 300, 0},
		"M/G/64 at 0.7":   {64, 0.7, 500, 0},
	} {
		alarms := 0
		for k := range 400 {
			r := rand.New(rand.NewPCG(uint64(k), 7))
			if l := judgeLoad(worked(r, c.n, c.load*float64(c.slots), c.slots, lognormal(r, 1)), spec(nil), true); l.overloaded != "" {
				alarms++
			}
		}
		t.Logf("%s: %d of 400", name, alarms)
		if alarms > c.most {
			t.Errorf("%s: %d of 400 honest runs are called overloaded", name, alarms)
		}
	}
}

// TestOverloads: a server that cannot keep up is found, the sooner the more is asked of it.
func TestOverloads(t *testing.T) {
	for name, c := range map[string]struct {
		slots    int
		load     float64
		n, least int // found, of 200 runs
	}{
		"twice, short":     {1, 2, 60, 150},
		"twice":            {1, 2, 200, 198},
		"1.5":              {1, 1.5, 500, 190},
		"1.2":              {1, 1.2, 1000, 150},
		"64 slots, 1.5":    {64, 1.5, 1000, 190},
		"64 slots, 1.1":    {64, 1.1, 5_000, 180},
		"a burst, nearly":  {1, 20, 200, 200},
		"1.05, and longer": {1, 1.05, 10_000, 150},
	} {
		found := 0
		for k := range 200 {
			r := rand.New(rand.NewPCG(uint64(k), 8))
			if l := judgeLoad(worked(r, c.n, c.load*float64(c.slots), c.slots, lognormal(r, 1)), spec(nil), true); l.overloaded != "" && !l.steady {
				found++
			}
		}
		t.Logf("%s: %d of 200", name, found)
		if found < c.least {
			t.Errorf("%s: %d of 200 overloads are found", name, found)
		}
	}
}

// unlessBusy measures until the client was not late, which a busy host makes it.
func unlessBusy(t *testing.T, v *v1alpha1.Serving) (drivers.SuiteResult, string) {
	t.Helper()
	for range 3 {
		res, dir, err := measure(t, v, oneByOne(t))
		if err != nil {
			t.Fatal(err)
		}
		if !has(res, suite.ReasonClientLate) {
			return res, dir
		}
	}
	t.Skip("the host is too busy: the client was late three times")
	return drivers.SuiteResult{}, ""
}

// oneByOne answers 40 requests a second, one after the other.
func oneByOne(t *testing.T) string {
	turn := make(chan struct{}, 1)
	return serve(t, &flawed{knows: structuredOutputs, misbehave: func(_ int, w http.ResponseWriter, _ string) bool {
		turn <- struct{}{}
		time.Sleep(25 * time.Millisecond)
		<-turn
		return false
	}})
}

func has(res drivers.SuiteResult, reason string) bool {
	return slices.ContainsFunc(res.Reasons, func(r drivers.Reason) bool { return r.Reason == reason })
}

// TestOverloadedServer: 40 requests a second are answered and 80 are sent. The longer the run, the larger the latencies
// would be, so there are none; the throughput is there, and is the server's.
func TestOverloadedServer(t *testing.T) {
	for _, n := range []int{60, 120, 240} {
		res, dir := unlessBusy(t, spec(func(v *v1alpha1.Serving) {
			v.Prompts, v.Rate, v.Concurrency = n, 80, 0
			v.Goodput = &v1alpha1.Goodput{TTFT: v1alpha1.Duration(time.Minute)}
		}))
		if !has(res, suite.ReasonOverloaded) {
			t.Fatalf("%d prompts: %v, TTFT median %v ms", n, res.Reasons, res.Metrics["ttft_median_ms"])
		}
		for name := range res.Metrics {
			if strings.HasPrefix(name, "ttft_") || strings.HasPrefix(name, "e2el_") || strings.Contains(name, "goodput") || strings.HasPrefix(name, "steady_") {
				t.Errorf("%d prompts: %s is there", n, name)
			}
		}
		if x := res.Metrics["request_throughput"]; x <= 0 || x > 41 {
			t.Errorf("%d prompts: %v requests/s", n, x)
		}
		if m := readVLLM(t, dir, res); m["overloaded"] != true {
			t.Error("vLLM's file does not say it")
		}
	}
}

// TestHonestServer: at half of what it can do, the same server keeps up, and has its latencies and its steady window.
func TestHonestServer(t *testing.T) {
	res, _ := unlessBusy(t, spec(func(v *v1alpha1.Serving) { v.Prompts, v.Rate, v.Concurrency = 60, 20, 0 }))
	if has(res, suite.ReasonOverloaded) || has(res, suite.ReasonUnsettled) || res.Metrics["ttft_max_ms"] < 25 || res.Metrics["steady_s"] <= 0 {
		t.Errorf("%v, %v", res.Reasons, res.Metrics)
	}
}

// TestClosedLoopIsNotOverloaded: it never sends more than is answered.
func TestClosedLoopIsNotOverloaded(t *testing.T) {
	res, _, err := measure(t, spec(func(v *v1alpha1.Serving) { v.Prompts, v.Concurrency = 60, 8 }), oneByOne(t))
	if err != nil {
		t.Fatal(err)
	}
	if has(res, suite.ReasonOverloaded) || res.Metrics["ttft_median_ms"] <= 0 {
		t.Errorf("%v, %v", res.Reasons, res.Metrics["ttft_median_ms"])
	}
}

// TestHeldBack: what the bound on concurrency holds back waits too.
func TestHeldBack(t *testing.T) {
	res, _ := unlessBusy(t, spec(func(v *v1alpha1.Serving) { v.Prompts, v.Rate, v.Concurrency = 120, 80, 2 }))
	if !has(res, suite.ReasonOverloaded) {
		t.Errorf("%v", res.Reasons)
	}
}

// TestStagesAreJudged: the stages before the first that was too much keep their latencies.
func TestStagesAreJudged(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	records := worked(r, 100, 0.3, 1, lognormal(r, 1))
	last := records[99].due
	for _, s := range worked(r, 200, 2, 1, lognormal(r, 1)) {
		s.due, s.free, s.sent, s.ended = s.due+last, s.free+last, s.sent+last, s.ended+last
		records = append(records, s)
	}
	l := judgeLoad(records, spec(func(v *v1alpha1.Serving) { v.Stages = []v1alpha1.Stage{{Prompts: 100}, {Prompts: 200}} }), true)
	m := map[string]float64{"stage1_ttft_median_ms": 1, "stage2_ttft_median_ms": 1, "stage2_request_throughput": 1, "stage2_failed": 0, "ttft_p99_ms": 1, "itl_token_max_ms": 1, "duration_s": 1}
	notes := l.report(m)
	if len(notes) != 1 || !strings.HasPrefix(notes[0].Message, "stage 2: ") || len(m) != 4 || m["stage1_ttft_median_ms"] != 1 {
		t.Errorf("%v, %v", notes, m)
	}
}

// TestShortLoad: a load that is over before the first answer comes shows nothing, and says how long it should be.
func TestShortLoad(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	l := judgeLoad(worked(r, 100, 50, 1000, func() float64 { return 5 }), spec(nil), true)
	notes := l.report(map[string]float64{})
	if l.steady || len(notes) != 1 || notes[0].Reason != suite.ReasonUnsettled || !strings.Contains(notes[0].Message, "requests or more") {
		t.Errorf("%+v", notes)
	}
}

// TestRamps: latency that rises with the load is no fault of a ramp; a queue at its end is.
func TestRamps(t *testing.T) {
	ramp := func(end float64) kept {
		r := rand.New(rand.NewPCG(1, 2))
		records := worked(r, 900, 1, 1, func() float64 { return 0 })
		at, free := 0.0, make([]float64, 8)
		for i := range records {
			at += r.ExpFloat64() / (0.5 + end*float64(i)/900)
			slot := slices.Index(free, slices.Min(free))
			free[slot] = max(at, free[slot]) + 1 + 0.1*r.Float64()
			records[i].due, records[i].sent, records[i].ended = seconds(at), seconds(at), seconds(free[slot])
		}
		return judgeLoad(records, spec(func(v *v1alpha1.Serving) { v.RampUp = &v1alpha1.RampUp{} }), true)
	}
	if l := ramp(6); l.overloaded != "" {
		t.Error(l.overloaded)
	}
	if l := ramp(16); l.overloaded == "" {
		t.Error("not found")
	}
}
