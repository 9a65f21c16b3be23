package serving

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/suite"
)

// reasons are why a result is not valid, except the faults of a busy host.
func reasons(res drivers.SuiteResult) (out []string) {
	for _, r := range res.Reasons {
		if !slices.Contains([]string{suite.ReasonTooFewSamples, suite.ReasonNoInterval, suite.ReasonUnsettled}, r.Reason) && !strings.HasPrefix(r.Reason, "Client") {
			out = append(out, r.Reason)
		}
	}
	return out
}

func wantMetrics(t *testing.T, res drivers.SuiteResult, want map[string]float64) {
	t.Helper()
	for m, v := range want {
		if got, ok := res.Metrics[m]; !ok || got-v > 1e-9 || v-got > 1e-9 {
			t.Errorf("%s is %v (there: %v), want %v", m, got, ok, v)
		}
	}
}

// Every data set, with both interfaces, in every dialect that can say it: found, enforced, scored.
func TestDatasets(t *testing.T) {
	for _, name := range []string{"json", "json-unique", "grammar", "regex", "choice", "xgrammar_bench"} {
		for _, api := range []string{"completions", "chat"} {
			for _, d := range []dialect{structuredOutputs, guided, responseFormat, llamaCpp} {
				if d == llamaCpp && name == "regex" {
					continue
				}
				if d == responseFormat && !strings.HasPrefix(name, "json") && name != "xgrammar_bench" {
					continue
				}
				t.Run(fmt.Sprintf("%s/%s/%s", name, api, d), func(t *testing.T) {
					f := &flawed{knows: d}
					res, _, err := measure(t, spec(func(v *v1alpha1.Serving) {
						v.Dataset, v.API = name, api
						if name == "xgrammar_bench" {
							v.File = evalFile(t, 20)
						}
					}), serve(t, f))
					if err != nil {
						t.Fatal(err)
					}
					if len(reasons(res)) > 0 || res.Simulated || res.Versions["constraint_dialect"] != string(d) {
						t.Errorf("valid %v %v, simulated %v, versions %v", res.Valid, res.Reasons, res.Simulated, res.Versions)
					}
					wantMetrics(t, res, map[string]float64{
						"completed": 20, "failed": 0, "error_rate_percent": 0, "correct_rate_percent": 100, "violated_rate_percent": 0,
						"truncated_rate_percent": 0, "input_tokens": 20 * flawedPrompt,
					})
					if slices.Sort(f.prompts); len(slices.Compact(f.prompts)) != 20 {
						t.Error("prompts repeat")
					}
				})
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		server *flawed
		change func(*v1alpha1.Serving)
		want   []string
	}{
		"constraints ignored": {&flawed{}, nil, []string{"does not enforce", "structured_outputs", "guided", "response_format", "it depends", "structuredRatio: 0"}},
		"choice ignored":      {&flawed{}, func(v *v1alpha1.Serving) { v.Dataset = "choice" }, []string{"does not enforce"}},
		"regex ignored":       {&flawed{}, func(v *v1alpha1.Serving) { v.Dataset = "regex" }, []string{"does not enforce"}},
		"grammar ignored":     {&flawed{knows: responseFormat}, func(v *v1alpha1.Serving) { v.Dataset = "grammar" }, []string{"does not enforce"}},
		"no such data set":    {&flawed{}, func(v *v1alpha1.Serving) { v.Dataset = "poems" }, []string{"poems", "json-unique"}},
		"no prompts":          {&flawed{}, func(v *v1alpha1.Serving) { v.Prompts = 0 }, []string{"above 0"}},
		"all warm-ups fail": {&flawed{knows: structuredOutputs, misbehave: func(_ int, w http.ResponseWriter, _ string) bool {
			http.Error(w, "out of memory", http.StatusInternalServerError)
			return true
		}}, func(v *v1alpha1.Serving) { v.Warmups = 3 }, []string{"all 3 warm-ups failed", "500", "out of memory"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := measure(t, spec(test.change), serve(t, test.server))
			for _, want := range test.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("want an error with %q, got %v", want, err)
				}
			}
		})
	}
	t.Run("another model", func(t *testing.T) {
		_, err := Suite{}.Run(t.Context(), drivers.SuiteRequest{
			Endpoints: []string{serve(t, &flawed{})}, Model: "org/huge", Serving: spec(nil),
		}, t.TempDir(), func(string) {})
		if err == nil || !strings.Contains(err.Error(), "org/tiny") || !strings.Contains(err.Error(), "org/huge") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("one replica ignores", func(t *testing.T) {
		_, _, err := measure(t, spec(nil), serve(t, &flawed{knows: guided}), serve(t, &flawed{}))
		if err == nil || !strings.Contains(err.Error(), "ignored it") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("no server", func(t *testing.T) {
		if _, _, err := measure(t, spec(nil), unused(t)); err == nil || !strings.Contains(err.Error(), "refused") {
			t.Errorf("got %v", err)
		}
	})
}

// Free text needs no enforcement, and is scored apart.
func TestUnconstrained(t *testing.T) {
	zero, half := 0.0, 0.5
	res, _, err := measure(t, spec(func(v *v1alpha1.Serving) { v.StructuredRatio = &zero }), serve(t, &flawed{}))
	if err != nil || len(reasons(res)) > 0 {
		t.Fatal(err, res.Reasons)
	}
	wantMetrics(t, res, map[string]float64{"unconstrained_completed_scored": 20, "unconstrained_correct_rate_percent": 0, "unconstrained_violated_rate_percent": 100})
	if _, ok := res.Metrics["correct_rate_percent"]; ok {
		t.Error("a correct rate without a single constrained request")
	}
	res, _, err = measure(t, spec(func(v *v1alpha1.Serving) { v.StructuredRatio = &half }), serve(t, &flawed{knows: guided, version: "0.10.2"}))
	if err != nil {
		t.Fatal(err)
	}
	wantMetrics(t, res, map[string]float64{
		"completed_scored": 10, "correct_rate_percent": 100, "unconstrained_completed_scored": 10, "unconstrained_correct_rate_percent": 0})
}

// An answer that was cut while it was right is truncated; one that was wrong is violated whether it was cut or not.
func TestScoring(t *testing.T) {
	f := &flawed{knows: structuredOutputs, spoil: func(n int, text string) (string, string) {
		switch n % 4 {
		case 0:
			return text[:len(text)-1], "length" // truncated
		case 1:
			return text[:len(text)-1], "stop" // the server ended it: violated
		case 2:
			return "I think " + text, "length" // violated
		}
		return text, "length" // complete, with the very last token
	}}
	res, _, err := measure(t, spec(nil), serve(t, f))
	if err != nil {
		t.Fatal(err)
	}
	wantMetrics(t, res, map[string]float64{"correct_rate_percent": 25, "truncated_rate_percent": 25, "violated_rate_percent": 50, "completed": 20})
}

// The new line at the end is part of the answer.
func TestRegexIsFullMatch(t *testing.T) {
	f := &flawed{knows: structuredOutputs, spoil: func(_ int, text string) (string, string) { return strings.TrimSuffix(text, "\n"), "stop" }}
	res, _, err := measure(t, spec(func(v *v1alpha1.Serving) { v.Dataset = "regex" }), serve(t, f))
	if err != nil {
		t.Fatal(err)
	}
	wantMetrics(t, res, map[string]float64{"correct_rate_percent": 0, "violated_rate_percent": 100})
}

func TestNoUsage(t *testing.T) {
	res, _, err := measure(t, spec(nil), serve(t, &flawed{knows: structuredOutputs, noUsage: true}))
	if err != nil {
		t.Fatal(err)
	}
	if got := reasons(res); res.Valid || !slices.Equal(got, []string{suite.ReasonNoUsage}) {
		t.Errorf("valid %v, reasons %v", res.Valid, res.Reasons)
	}
}

func TestReplicasAndBound(t *testing.T) {
	a, b := &flawed{knows: guided, pause: time.Millisecond}, &flawed{knows: guided, pause: time.Millisecond, owner: "assay-simulator"}
	res, _, err := measure(t, spec(func(v *v1alpha1.Serving) { v.Prompts, v.Concurrency, v.Warmups = 40, 6, 4 }), serve(t, a), serve(t, b)+"/")
	if err != nil {
		t.Fatal(err)
	}
	if !res.Simulated {
		t.Error("one replica is simulated, the result does not say so")
	}
	if a.requests.Load() != 22 || b.requests.Load() != 22 { // half of the prompts and of the warm-ups each
		t.Errorf("%d and %d requests", a.requests.Load(), b.requests.Load())
	}
	if n := a.most.Load() + b.most.Load(); n > 12 || a.most.Load() > 6 {
		t.Errorf("%d and %d in flight at the same time", a.most.Load(), b.most.Load())
	}
	wantMetrics(t, res, map[string]float64{"completed": 40})
}

// The whole payload, as a server sees it.
func TestPayload(t *testing.T) {
	f := &flawed{knows: structuredOutputs}
	if _, _, err := measure(t, spec(func(v *v1alpha1.Serving) { v.Dataset, v.Prompts, v.API = "choice", 1, "chat" }), serve(t, f)); err != nil {
		t.Fatal(err)
	}
	got, _ := json.Marshal(f.bodies[0])
	prompt, _ := json.Marshal(f.prompts[0])
	want := `{"max_tokens":64,"messages":[{"content":` + string(prompt) + `,"role":"user"}],"model":"org/tiny","stream":true,` +
		`"stream_options":{"include_usage":true},"structured_outputs":{"choice":["Positive","Negative"]},"temperature":0}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestInterrupted(t *testing.T) {
	f := &flawed{knows: structuredOutputs, pause: 20 * time.Millisecond}
	endpoint := serve(t, f)
	for name, rate := range map[string]v1alpha1.Rate{"closed": 0, "open": 2} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			time.AfterFunc(200*time.Millisecond, cancel)
			began := time.Now()
			_, err := Suite{}.Run(ctx, drivers.SuiteRequest{
				Endpoints: []string{endpoint}, Model: "org/tiny", Serving: spec(func(v *v1alpha1.Serving) { v.Prompts, v.Rate = 10000, rate }),
			}, t.TempDir(), func(string) {})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %v to stop", took)
			}
		})
	}
}

// An open loop end to end: as long as its schedule at least, and with its own lateness on record.
func TestOpenLoopRun(t *testing.T) {
	f := &flawed{knows: structuredOutputs}
	res, dir, err := measure(t, spec(func(v *v1alpha1.Serving) { v.Prompts, v.Rate, v.Concurrency = 150, 300, 0 }), serve(t, f))
	if err != nil {
		t.Fatal(err)
	}
	if len(reasons(res)) > 0 {
		t.Errorf("reasons %v", res.Reasons)
	}
	first := suite.Arrivals(suite.Rand(11, "arrivals"), 150, 300, 1)[0]
	if got, least := res.Metrics["duration_s"], (150.0/300)-first.Seconds(); got < least-0.05 { // the first can itself be late
		t.Errorf("it took %v s, the schedule alone %v s", got, least)
	}
	wantMetrics(t, res, map[string]float64{"completed": 150, "slot_wait_max_ms": 0})
	if late := res.Metrics["send_lateness_max_ms"]; late <= 0 || res.Metrics["send_lateness_p95_ms"] > late {
		t.Errorf("lateness p95 %v, max %v", res.Metrics["send_lateness_p95_ms"], late)
	}
	if got := outcomes(t, dir); got["ok"] != 150 {
		t.Errorf("samples hold %v", got)
	}
}
