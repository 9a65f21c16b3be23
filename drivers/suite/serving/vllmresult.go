package serving

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/durable"
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
func writeVLLM(dir, name string, result map[string]any, records []record, lists []vllmList) error {
	head, err := json.Marshal(result)
	if err != nil {
		return err
	}
	return durable.Writer{}.Stream(filepath.Join(dir, name), 0o600, func(f io.Writer) error {
		w := bufio.NewWriterSize(f, filePiece)
		_, _ = w.Write(head[:len(head)-1]) // Flush tells
		var b []byte
		for _, list := range lists {
			fmt.Fprintf(w, ",%q:", list.name)
			for i := range records {
				b = append(b[:0], "[,"[min(i, 1)])
				if b, err = list.entry(b, &records[i]); err != nil {
					return err
				}
				_, _ = w.Write(b)
			}
			_ = w.WriteByte(']')
		}
		_ = w.WriteByte('}')
		return w.Flush()
	})
}

func (r *runner) vllm(s *summary, simulated bool, at time.Time) map[string]any {
	v, req := r.spec, r.req
	m := map[string]any{
		"date": at.UTC().Format("20060102-150405"), "endpoint_type": "openai", "backend": "vllm", "label": req.Benchmark,
		"model_id": req.Model, "tokenizer_id": req.Model, "num_prompts": v.Prompts, "burstiness": v.Burstiness,
		"max_concurrency": v.Concurrency, "duration": s.duration.Seconds(), "completed": s.completed,
		"failed": len(s.records) - s.completed, "total_input_tokens": s.in, "total_output_tokens": s.out,
		"request_rate": v.Rate, "simulated": simulated, "overloaded": s.kept.overloaded != "",
		"ttft_description": describe(s.ttft), "tpot_description": describe(s.tpot),
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
	vllmStats(m, "ttft", s.ttft)
	vllmStats(m, "tpot", s.tpot)
	vllmStats(m, "itl", s.itl)
	vllmStats(m, "e2el", s.e2el)
	return m
}

// vllmLoad adds the fields of `vllm bench serve` about the load: its ramp, its peaks, and its goodput.
func vllmLoad(m map[string]any, v *v1alpha1.Serving, s *summary) {
	if u := v.RampUp; u != nil {
		m["ramp_up_strategy"], m["ramp_up_start_rps"], m["ramp_up_end_rps"] = u.Strategy, float64(u.From), float64(u.To)
	}
	m["max_concurrent_requests"], m["max_output_tokens_per_s"] = s.mostInFlight(), s.busiestSecond()
	m["request_goodput"] = nil
	if v.Goodput != nil {
		good := map[string]float64{}
		s.goodput(good, v.Goodput)
		m["request_goodput"] = good["request_goodput"]
	}
}

// redact takes secrets out of what the server said. The records are scored and summed up by then.
func (r *runner) redact(records []record) {
	for i := range records {
		one := &records[i]
		if f := one.failure; f != nil {
			one.failure = &suite.Failure{Kind: f.Kind, Message: r.safe.Message(f.Message)}
		}
		if text := string(one.answer.Text); r.safe.Hide(text) != text {
			one.answer.Text = []byte(r.safe.Hide(text))
		}
	}
}

// vllmCorrect adds the share of answers that are right, of the structured requests that succeeded.
func vllmCorrect(m map[string]any, s *summary) {
	correct, scored := 0, 0
	for i := range s.records {
		r := &s.records[i]
		if !r.structured {
			continue
		}
		if r.failure == nil {
			scored++
		}
		if r.verdict == compliant {
			correct++
		}
	}
	if scored > 0 {
		m["correct_rate(%)"] = percent(correct, scored)
	}
}

// vllmList is a field that holds one entry for each request, failed ones included. Entry appends that of a record to b.
type vllmList struct {
	name  string
	entry func(b []byte, r *record) ([]byte, error)
}

func vllmLists(d *dataset) []vllmList {
	seconds := func(b []byte, v float64) []byte { return strconv.AppendFloat(b, v, 'g', -1, 64) }
	return []vllmList{
		{"input_lens", func(b []byte, r *record) ([]byte, error) { return strconv.AppendInt(b, int64(r.in), 10), nil }},
		{"output_lens", func(b []byte, r *record) ([]byte, error) { return strconv.AppendInt(b, int64(r.out), 10), nil }},
		{"ttfts", func(b []byte, r *record) ([]byte, error) { return seconds(b, r.ttft/1000), nil }},
		{"itls", func(b []byte, r *record) ([]byte, error) {
			b = append(b, '[')
			if r.failure == nil {
				for i := 1; i < len(r.answer.Events); i++ {
					b = append(appendSeconds(b, r.answer.Events[i]-r.answer.Events[i-1]), ',')
				}
			}
			return append(bytes.TrimSuffix(b, []byte(",")), ']'), nil
		}},
		{"errors", func(b []byte, r *record) ([]byte, error) {
			if r.failure == nil {
				return append(b, `""`...), nil
			}
			return appendText(b, r.failure.Message), nil
		}},
		{"start_times", func(b []byte, r *record) ([]byte, error) { return appendSeconds(b, r.sent), nil }},
		// the constraint is null for a free request; correctness is assay's full check, not vLLM's partial one
		{"outputs", func(b []byte, r *record) ([]byte, error) {
			b = append(appendText(append(b, `{"generated":`...), r.answer.Text), `,"expected":`...)
			if r.structured && !d.free { // it would make every request again
				expected, err := json.Marshal(d.expected(r.index))
				if err != nil {
					return b, err
				}
				b = append(b, expected...)
			} else {
				b = append(b, "null"...)
			}
			b = strconv.AppendBool(append(b, `,"correctness":`...), r.verdict == compliant)
			return append(b, '}'), nil
		}},
		{"generated_texts", func(b []byte, r *record) ([]byte, error) { return appendText(b, r.answer.Text), nil }},
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

func vllmStats(m map[string]any, name string, ms []float64) {
	if len(ms) == 0 {
		return
	}
	sorted := suite.Ascending(ms)
	m["mean_"+name+"_ms"], m["median_"+name+"_ms"], m["std_"+name+"_ms"] = suite.Mean(sorted), suite.Percentile(sorted, 50), suite.Std(sorted)
	m["max_"+name+"_ms"] = sorted[len(sorted)-1]
	for _, p := range suite.Tails {
		key := fmt.Sprintf("p%g_%s_ms", p, name)
		if m[key] = nil; len(sorted) >= v1alpha1.SamplesFor(p) {
			m[key] = suite.Percentile(sorted, p)
		}
	}
}

// describe is pandas' summary of a column, in seconds; empty without values.
func describe(ms []float64) map[string]float64 {
	if len(ms) == 0 {
		return map[string]float64{}
	}
	sorted := make([]float64, len(ms))
	for i, v := range ms {
		sorted[i] = v / 1000
	}
	slices.Sort(sorted)
	n := float64(len(ms))
	d := map[string]float64{
		"count": n, "mean": suite.Mean(sorted), "min": sorted[0], "max": sorted[len(sorted)-1],
		"25%": suite.Percentile(sorted, 25), "50%": suite.Percentile(sorted, 50), "75%": suite.Percentile(sorted, 75),
	}
	if len(ms) > 1 { // the sample's deviation, as pandas has it
		d["std"] = suite.Std(sorted) * math.Sqrt(n/(n-1))
	}
	return d
}
