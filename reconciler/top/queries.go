package top

import (
	"context"
	"fmt"
	"time"

	"assay/drivers"
)

// Window is over how long rates are taken.
const Window = 30 * time.Second

// Ask answers PromQL with all series of the result.
type Ask func(ctx context.Context, expr string) ([]drivers.Sample, error)

// byService are the figures of services. Names are those of vLLM, SGLang, llama.cpp and of Prometheus' client libraries.
var byService = map[string]string{
	"requests": `sum by (experiment, service) (rate({__name__=~"vllm:request_success_total|sglang:num_requests_total",service!=""}[W]))`,
	"running":  `sum by (experiment, service) ({__name__=~"vllm:num_requests_running|sglang:num_running_reqs|llamacpp:requests_processing",service!=""})`,
	"waiting":  `sum by (experiment, service) ({__name__=~"vllm:num_requests_waiting|sglang:num_queue_reqs|llamacpp:requests_deferred",service!=""})`,
	"tokens":   `sum by (experiment, service) (rate({__name__=~"vllm:generation_tokens_total|sglang:generation_tokens_total|llamacpp:tokens_predicted_total",service!=""}[W]))`,
	"cache":    `max by (experiment, service) ({__name__=~"vllm:kv_cache_usage_perc|vllm:gpu_cache_usage_perc|sglang:token_usage|llamacpp:kv_cache_usage_ratio",service!=""})`,
	"cpu":      `sum by (experiment, service) (rate(process_cpu_seconds_total{service!=""}[W]))`,
	"memory":   `sum by (experiment, service) (process_resident_memory_bytes{service!=""})`,
}

// byGPU are the figures of GPUs. Two jobs on one node can both count it, so each GPU is taken once.
var byGPU = map[string]string{
	"util":  `max by (node, gpu, modelName) (DCGM_FI_DEV_GPU_UTIL)`,
	"used":  `max by (node, gpu, modelName) (DCGM_FI_DEV_FB_USED)`,
	"total": `max by (node, gpu, modelName) (DCGM_FI_DEV_FB_TOTAL)`,
	"power": `max by (node, gpu, modelName) (DCGM_FI_DEV_POWER_USAGE)`,
	"heat":  `max by (node, gpu, modelName) (DCGM_FI_DEV_GPU_TEMP)`,
}

// byNode are the figures of nodes.
var byNode = map[string]string{
	"cpu":    `1 - avg by (node) (max by (node, cpu) (rate(node_cpu_seconds_total{mode="idle"}[W])))`,
	"used":   `max by (node) (node_memory_MemTotal_bytes) - max by (node) (node_memory_MemAvailable_bytes)`,
	"memory": `max by (node) (node_memory_MemTotal_bytes)`,
	"load":   `max by (node) (node_load1)`,
}

// figures are Prometheus' answers: by what an answer is of, and by figure.
type figures map[string]map[string]float64

// asked asks for every figure. The first failure is the answer: the others would fail like it.
func asked(ctx context.Context, ask Ask, queries map[string]string, of func(labels map[string]string) string) (figures, error) {
	out := figures{}
	for figure, expr := range queries {
		samples, err := ask(ctx, windowed(expr))
		if err != nil {
			return nil, fmt.Errorf("asking Prometheus for %s: %w", figure, err)
		}
		for _, s := range samples {
			key := of(s.Labels)
			if out[key] == nil {
				out[key] = map[string]float64{}
			}
			out[key][figure] = s.Value
		}
	}
	return out, nil
}

// get is a figure; nil when it is not known.
func (f figures) get(of, figure string) *float64 {
	if v, ok := f[of][figure]; ok && v == v { // NaN is no value
		return &v
	}
	return nil
}
