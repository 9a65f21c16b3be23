package web

import (
	"context"
	"html/template"
	"strconv"
	"strings"
	"sync"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/chart"
	"assay/reconciler/results"
)

const (
	minutesShown  = 15
	mostMinutes   = 24 * 60
	samplesAcross = 90
	askedFor      = 2 * time.Second
)

// panel is one thing that Prometheus knows of a service.
type panel struct {
	Title      string           `json:"title"`
	Unit       string           `json:"unit,omitempty"`
	Expression string           `json:"expression"`
	Samples    []drivers.Sample `json:"samples"`
	Problem    string           `json:"problem,omitempty"` // why there is none
}

// queries are what is asked of each kind of service. @ stands for the labels that select the service; every answer is one series.
var queries = map[string][]panel{
	"vllm": {
		{Title: "Requests running", Expression: "sum(vllm:num_requests_running@)"},
		{Title: "Requests waiting", Expression: "sum(vllm:num_requests_waiting@)"},
		{Title: "Output", Unit: "tok/s", Expression: "sum(rate(vllm:generation_tokens_total@[1m]))"},
		{Title: "Prompts", Unit: "tok/s", Expression: "sum(rate(vllm:prompt_tokens_total@[1m]))"},
		{Title: "Requests", Unit: "req/s", Expression: "sum(rate(vllm:request_success_total@[1m]))"},
		{Title: "TTFT median", Unit: "s", Expression: "histogram_quantile(0.5, sum by (le) (rate(vllm:time_to_first_token_seconds_bucket@[1m])))"},
		{Title: "KV cache used", Unit: "share", Expression: "max(vllm:kv_cache_usage_perc@)"},
	},
	"": {
		{Title: "GPU utilization", Unit: "%", Expression: "avg(max by (node, gpu, UUID) (DCGM_FI_DEV_GPU_UTIL@))"},
		{Title: "GPU power", Unit: "W", Expression: "sum(max by (node, gpu, UUID) (DCGM_FI_DEV_POWER_USAGE@))"},
		{Title: "GPU memory used", Unit: "MiB", Expression: "sum(max by (node, gpu, UUID) (DCGM_FI_DEV_FB_USED@))"},
		{Title: "Scraped", Unit: "share", Expression: "avg(up@)"},
	},
}

func metricsData(r *request) (any, error) {
	e, v, err := r.service()
	if err != nil {
		return nil, err
	}
	minutes, err := r.number("minutes", minutesShown, 1, mostMinutes)
	if err != nil {
		return nil, err
	}
	return map[string]any{"panels": r.panels(e, v, minutes)}, nil
}

// panels asks all at once.
func (r *request) panels(e v1alpha1.ExperimentStatus, v v1alpha1.ServiceStatus, minutes int) []panel {
	all := append(append([]panel{}, queries[v.Kind]...), queries[""]...)
	where := "{experiment=" + strconv.Quote(e.Name) + ",service=" + strconv.Quote(v.Name) + "}"
	to := time.Now()
	from := to.Add(-time.Duration(minutes) * time.Minute)
	step := max(5*time.Second, to.Sub(from)/samplesAcross)
	ctx, cancel := context.WithTimeout(r.Context(), askedFor)
	defer cancel()
	var done sync.WaitGroup
	for i := range all {
		p := &all[i]
		p.Samples, p.Expression = []drivers.Sample{}, strings.ReplaceAll(p.Expression, "@", where)
		done.Go(func() {
			series, err := r.s.o.Series(ctx, p.Expression, from, to, step)
			switch {
			case err != nil:
				p.Problem = err.Error()
			case len(series) == 0 || len(series[0].Samples) == 0:
				p.Problem = "no sample in this time"
			default:
				p.Samples = series[0].Samples
			}
		})
	}
	done.Wait()
	return all
}

// unanswered is why no Prometheus answered; empty: one did.
func unanswered(all []panel) string {
	for _, p := range all {
		if p.Problem == "" || !strings.Contains(p.Problem, drivers.ErrUnavailable.Error()) {
			return ""
		}
	}
	if len(all) == 0 {
		return ""
	}
	return all[0].Problem
}

// lacking are the titles of panels that have nothing to show.
func lacking(all []panel) string {
	var out []string
	for _, p := range all {
		if !p.Known() {
			out = append(out, p.Title)
		}
	}
	return strings.Join(out, ", ")
}

// Known reports whether a panel has anything to show.
func (p panel) Known() bool { return len(p.Samples) > 0 }

// Last is the newest value.
func (p panel) Last() string { return results.Number(p.Samples[len(p.Samples)-1].Value) }

// Spark draws the samples.
func (p panel) Spark() template.HTML {
	values := make([]float64, len(p.Samples))
	for i, s := range p.Samples {
		values[i] = s.Value
	}
	return chart.Sparkline(p.Title, values)
}
