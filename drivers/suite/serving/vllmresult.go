package serving

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/suite"
)

// vllmFile is the name under which vLLM's users look for a result.
func vllmFile(model string, s *v1alpha1.Serving, at time.Time) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-', r == '_':
			return r
		}
		return '-'
	}, filepath.Base(model))
	return fmt.Sprintf("benchmark_%s_n%d_ol%d_mc%d_ds%s_%s.json",
		clean, s.Prompts, s.OutputTokens, s.Concurrency, s.Dataset, at.UTC().Format("20060102-150405"))
}

// writeVLLM writes the result in the form of vLLM's benchmark scripts, field for field, so that their users' tools
// read it: seconds in the lists, milliseconds in the statistics.
// The differences: without completed requests latencies are absent, not 0; a percentile of too few samples is null; the
// largest values, and the fields simulated and overloaded, are added. The latencies of an overloaded run are there.
// The lists, which are most of it, are written an entry at a time.
func writeVLLM(dir, name string, result map[string]any, lists []vllmList) error {
	head, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("writing vLLM's result file: %w", err)
	}
	err = writeWhole(filepath.Join(dir, name), func(f io.Writer) error {
		if _, err := f.Write(head[:len(head)-1]); err != nil {
			return err
		}
		for k := range lists {
			if _, err := lists[k].WriteTo(f); err != nil {
				return err
			}
		}
		_, err := f.Write([]byte("}"))
		return err
	})
	if err != nil {
		return fmt.Errorf("writing vLLM's result file: %w", err)
	}
	return nil
}

func (r *runner) vllm(s *summary, simulated bool, at time.Time) map[string]any {
	v, req := r.spec, r.req
	m := map[string]any{
		"date": at.UTC().Format("20060102-150405"), "endpoint_type": "openai", "backend": "vllm", "label": req.Benchmark,
		"model_id": req.Model, "tokenizer_id": req.Model, "num_prompts": v.Prompts, "burstiness": v.Burstiness,
		"max_concurrency": v.Concurrency, "duration": s.duration.Seconds(), "completed": s.completed,
		"failed": s.rows.len() - s.completed, "total_input_tokens": s.in, "total_output_tokens": s.out,
		"request_rate": v.Rate, "simulated": simulated, "overloaded": s.kept.overloaded != "",
		"ttft_description": describe(&s.ttft), "tpot_description": describe(&s.tpot),
	}
	if v.API == "chat" {
		m["backend"], m["endpoint_type"] = "openai-chat", "openai-chat"
	}
	if v.Concurrency == 0 {
		m["max_concurrency"] = nil
	}
	m["request_throughput"], m["output_throughput"], m["total_token_throughput"] = 0.0, 0.0, 0.0
	if sec := s.duration.Seconds(); sec > 0 {
		m["request_throughput"] = float64(s.completed) / sec
		m["output_throughput"] = float64(s.out) / sec
		m["total_token_throughput"] = float64(s.in+s.out) / sec
	}
	vllmCorrect(m, s)
	vllmLoad(m, v, s)
	vllmStats(m, "ttft", &s.ttft)
	vllmStats(m, "tpot", &s.tpot)
	vllmStats(m, "itl", &s.itl)
	vllmStats(m, "e2el", &s.e2el)
	return m
}

// vllmLoad adds the fields of `vllm bench serve` about the load: its ramp, its peaks, and its goodput.
func vllmLoad(m map[string]any, v *v1alpha1.Serving, s *summary) {
	if u := v.RampUp; u != nil {
		m["ramp_up_strategy"], m["ramp_up_start_rps"], m["ramp_up_end_rps"] = u.Strategy, float64(u.From), float64(u.To)
	}
	m["max_concurrent_requests"], m["max_output_tokens_per_s"] = s.crowd().most(), s.busiestSecond()
	m["request_goodput"] = nil
	if v.Goodput != nil {
		good := map[string]float64{}
		s.goodput(good, v.Goodput)
		m["request_goodput"] = good["request_goodput"]
	}
}

// vllmCorrect adds the share of answers that are right, of the structured requests that succeeded.
func vllmCorrect(m map[string]any, s *summary) {
	if c := s.scored[1]; c.n > 0 {
		m["correct_rate(%)"] = percent(c.compliant, c.n)
	}
}

// expected is the constraint of request i in the data set's own form.
func (d *dataset) expected(i int) any {
	switch c := d.request(i).held; {
	case c.JSON != nil:
		return c.JSON
	case c.Regex != "":
		return c.Regex
	case c.Grammar != "":
		return c.Grammar
	default:
		return c.Choice
	}
}

func vllmStats(m map[string]any, name string, ms *suite.Values) {
	n := ms.Len()
	if n == 0 {
		return
	}
	m["mean_"+name+"_ms"], m["median_"+name+"_ms"], m["std_"+name+"_ms"], m["max_"+name+"_ms"] = ms.Mean(), ms.Percentile(50), ms.Std(), ms.Max()
	for _, p := range suite.Tails {
		key := fmt.Sprintf("p%g_%s_ms", p, name)
		if m[key] = nil; n >= v1alpha1.SamplesFor(p) {
			m[key] = ms.Percentile(p)
		}
	}
}

// describe is pandas' summary of a column, in seconds; empty without values.
func describe(ms *suite.Values) map[string]float64 {
	n := ms.Len()
	if n == 0 {
		return map[string]float64{}
	}
	d := map[string]float64{
		"count": float64(n), "mean": ms.Mean() / 1000, "min": ms.Rank(0) / 1000, "max": ms.Max() / 1000,
		"25%": ms.Percentile(25) / 1000, "50%": ms.Percentile(50) / 1000, "75%": ms.Percentile(75) / 1000,
	}
	if n > 1 { // the sample's deviation, as pandas has it
		d["std"] = ms.Std() / 1000 * math.Sqrt(float64(n)/float64(n-1))
	}
	return d
}
