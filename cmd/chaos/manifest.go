package main

import (
	"fmt"
	"strings"
)

// manifest is what is declared: services with a data folder in two replicas, a group, one on two nodes, a simulated vLLM
// with benchmarks and one with a sweep whose clients run in jobs of their own. The round changes the benchmarks' seed: every
// round has runs of its own.
func manifest(round int, prometheus bool) string {
	use := ""
	if prometheus {
		use = "\n  prometheus: {url: \"http://127.0.0.1:" + prometheusPort + "\"}"
	}
	return strings.NewReplacer("ROUND", fmt.Sprint(round+1), "PROMETHEUS", use,
		"RESTART", "restart: {backoff: 1s, limit: 100}\n      fence: 75s").Replace(declared)
}

const declared = `apiVersion: assay/v1alpha1
kind: Site
metadata: {name: chaos}
spec:
  scheduler: slurm
  defaults: {partition: cpu, time: 10h}
  partitions: {gpu: {gpusPerNode: 4, maxNodes: 4}, cpu: {maxNodes: 4}}
  poll: {every: 1s, atMost: 5s}PROMETHEUS
---
apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: web}
spec:
  site: chaos
  services:
    - name: files
      replicas: 2
      process: {command: ["$(ASSAY)", serve-files, --listen, "$(HOST):$(PORT)", --root, "$(DATA)"], probe: /healthz, metrics: /metrics}
      RESTART
    - name: left
      group: pair
      process: {command: ["$(ASSAY)", serve-files, --listen, "$(HOST):$(PORT)", --root, "$(DATA)"], probe: /healthz}
      RESTART
    - name: right
      group: pair
      process: {command: ["$(ASSAY)", serve-files, --listen, "$(HOST):$(PORT)", --root, "$(DATA)"], probe: /healthz}
      RESTART
    - name: wide
      nodes: 2
      vllm: {model: m, simulate: {ttft: 2ms, itl: 1ms}}
      resources: {partition: gpu, gpusPerNode: 1}
      RESTART
---
apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: bench}
spec:
  site: chaos
  services:
    - name: llm
      vllm: {model: m, simulate: {ttft: 2ms, itl: 1ms}}
      RESTART
  benchmarks:
    - {name: q, target: llm, repeats: 2, timeout: 5m, serving: {dataset: choice, prompts: 60, outputTokens: 8, rate: 12, seed: ROUND}}
---
apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: sweep}
spec:
  site: chaos
  services:
    - name: llm
      vllm: {model: m, simulate: {ttft: 10ms, itl: 1ms}}
      RESTART
  benchmarks:
    - {name: s, target: llm, timeout: 5m, run: {on: job}, serving: {dataset: choice, prompts: 400, outputTokens: 16, seed: ROUND}}
  sweep:
    matrix: {benchmarks.s.serving.concurrency: [1, 4]}
`

// services are how many there are, and seats their replicas' number; wanted runs are those of one round.
var wantedServices = map[string]int{"web/files": 2, "web/left": 1, "web/right": 1, "web/wide": 1, "bench/llm": 1, "sweep/llm": 1}

var wantedRuns = map[string]int{"bench/q": 2, "sweep/s": 2}

// probed is the path of a service that has to answer 200.
func probed(service string) string {
	if strings.HasSuffix(service, "/llm") || strings.HasSuffix(service, "/wide") {
		return "/health"
	}
	return "/healthz"
}
