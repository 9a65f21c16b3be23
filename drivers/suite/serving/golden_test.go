package serving

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/suite"
)

var update = flag.Bool("update", false, "write the golden file anew")

// happened is a run of n requests that was made up: with so many in flight where there is no rate, and some that failed at once.
// Times are whole steps, so that many are equal; jumbled, the requests were not sent in the order of their indexes.
func happened(r *rand.Rand, n, inFlight int, rate float64, step time.Duration, jumbled bool) []sample {
	out := make([]sample, n)
	free := make([]time.Duration, max(1, inFlight))
	at, busy := time.Second, time.Second
	for i := range out {
		s := sample{index: i}
		k := 0
		if rate > 0 {
			at += time.Duration(r.ExpFloat64() / rate * float64(time.Second)).Round(step)
			s.due, s.free, s.sent = at, at, at+time.Duration(r.IntN(3))*step
		} else {
			k = slices.Index(free, slices.Min(free))
			s.due, s.free = time.Second, max(time.Second, free[k])
			s.sent = s.free + time.Duration(r.IntN(3))*step
		}
		took := time.Duration((0.005 + 0.02*r.ExpFloat64()) * float64(time.Second)).Round(step)
		if rate > 1000 { // more than the server does
			busy = max(busy, s.sent) + time.Millisecond
			took = (busy - s.sent).Round(step) + took
		}
		s.ended = s.sent + took
		tokens := 1 + r.IntN(5)
		for j := range tokens {
			s.answer.Events = append(s.answer.Events, s.sent+took*time.Duration(j+1)/time.Duration(tokens))
		}
		s.behind, s.blur = time.Duration(r.IntN(1e6)), time.Duration(r.IntN(1e5))
		s.answer.Usage, s.answer.Prompt, s.answer.Completion, s.answer.Finish, s.answer.Model = r.IntN(200) > 0, 8, tokens+r.IntN(2), "length", "org/tiny"
		if r.IntN(300) == 0 {
			s.ended, s.answer.Events, s.failure = s.sent+took/9, nil, &suite.Failure{Kind: "timeout", Message: "no answer"}
		}
		free[k] = s.ended
		out[i] = s
	}
	if jumbled {
		for i := 0; i+7 < n; i += 7 {
			out[i], out[i+5] = out[i+5], out[i]
			out[i].index, out[i+5].index = i, i+5
		}
	}
	return out
}

// TestGolden: what is made of random runs. How it is computed may change, what comes out may not.
func TestGolden(t *testing.T) {
	var out strings.Builder
	show := func(name string, samples []sample, change func(v *v1alpha1.Serving)) {
		d, b := digesting(t, len(samples))
		change(d.r.spec)
		d.r.open = d.r.spec.Rate > 0
		d.r.req.Objective = v1alpha1.SLO{"ttft_p99": v1alpha1.Duration(20 * time.Millisecond), "tpot_p90": v1alpha1.Duration(9 * time.Millisecond)}
		d.r.before.Mono = 1
		for _, i := range rand.New(rand.NewPCG(3, 4)).Perm(len(samples)) {
			b.add(samples[i])
		}
		if err := d.finish(); err != nil {
			t.Fatal(err)
		}
		sum, res, err := d.r.result(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		head := d.r.vllm(sum, false, time.Unix(0, 0))
		fmt.Fprintf(&out, "%s %d: %v %v\n%v %v %v\n", name, len(samples), res.Valid, res.Reasons, res.Objective, head["max_concurrent_requests"], head["request_goodput"])
		for _, m := range slices.Sorted(maps.Keys(res.Metrics)) {
			fmt.Fprintf(&out, "\t%s %.9g\n", m, res.Metrics[m])
		}
	}
	for k, n := range []int{1, 45, 3000, 9001} {
		random := func() *rand.Rand { return rand.New(rand.NewPCG(uint64(k), 5)) }
		goodput := &v1alpha1.Goodput{TTFT: v1alpha1.Duration(15 * time.Millisecond)}
		show("closed", happened(random(), n, 16, 0, 1, false), func(v *v1alpha1.Serving) { v.Concurrency, v.Goodput = 16, goodput })
		show("closed in steps", happened(random(), n, 64, 0, time.Millisecond, false), func(v *v1alpha1.Serving) { v.Concurrency = 64 })
		show("closed and jumbled", happened(random(), n, 16, 0, 1, true), func(v *v1alpha1.Serving) { v.Concurrency = 16 })
		show("open", happened(random(), n, 0, 400, 1, false), func(v *v1alpha1.Serving) { v.Rate, v.Concurrency, v.Goodput = 400, 0, goodput })
		show("open and jumbled", happened(random(), n, 0, 400, time.Millisecond, true), func(v *v1alpha1.Serving) { v.Rate, v.Concurrency = 400, 0 })
		show("overloaded", happened(random(), n, 0, 1500, 1, false), func(v *v1alpha1.Serving) { v.Rate, v.Concurrency = 1500, 0 })
		if n > 1000 {
			show("stages", happened(random(), n, 0, 400, 1, true), func(v *v1alpha1.Serving) {
				v.Rate, v.Concurrency, v.Stages = 400, 0, []v1alpha1.Stage{{Prompts: 1000, Rate: 400}, {Prompts: n - 1000, Rate: 400}}
			})
			show("a ramp", happened(random(), n, 0, 1500, 1, false), func(v *v1alpha1.Serving) {
				v.Rate, v.Concurrency, v.RampUp = 1500, 0, &v1alpha1.RampUp{From: 1, To: 10}
			})
		}
	}
	golden := filepath.Join("testdata", "summary.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(out.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || out.String() != string(want) {
		got := filepath.Join(t.ArtifactDir(), "summary")
		t.Errorf("it is not as it was: compare testdata/summary.golden with %s: %v, %v", got, err, os.WriteFile(got, []byte(out.String()), 0o600))
	}
}
