package main

// vllm shows servers of vLLM's V1 engine and of the older V0, whose names differ: each expression has both.
func vllm() board {
	const by, who = "experiment, service", "{{experiment}}/{{service}}"
	vars := chain("vllm:num_requests_running", "experiment", "service", "node", "model_name")
	gauge := func(fn string) func(string) string {
		return func(m string) string { return fn + " by (" + by + ") (" + m + "{@})" }
	}
	total := func(counter string) string { return sumRate(by, counter) }
	state := named("state", "running", gauge("sum")("vllm:num_requests_running")) + " or " +
		named("state", "waiting", gauge("sum")("vllm:num_requests_waiting")) + " or " +
		named("state", "swapped", gauge("sum")("vllm:num_requests_swapped"))
	cache := either(gauge("max"), "vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc")
	hits := total("vllm:prefix_cache_hits_total") + " / (" + total("vllm:prefix_cache_queries_total") + " > 0) or " +
		total("vllm:gpu_prefix_cache_hits_total") + " / (" + total("vllm:gpu_prefix_cache_queries_total") + " > 0) or " +
		"avg by (" + by + ") (vllm:gpu_prefix_cache_hit_rate{@} >= 0)"
	lengths := func(metric string) []query {
		return []query{{"sum by (le) (increase(" + window(metric+"_bucket") + "))", "{{le}}"}}
	}
	longest := either(func(m string) string { return quantile("1", by, m) }, "vllm:request_max_num_generation_tokens", "vllm:request_generation_tokens")
	itl := []string{"vllm:inter_token_latency_seconds", "vllm:time_per_output_token_seconds"}
	phase := func(name string) []query { return quantiles(by, who, "vllm:request_"+name+"_time_seconds") }
	return board{
		uid: "assay-vllm", title: "assay: vLLM", from: "30m", vars: vars, filter: matchers(vars),
		about: "Latency, throughput, cache and scheduler of vLLM servers, as they measure themselves. Clients see more: see the benchmarks.",
		panels: []panel{
			{title: "Now"},
			{title: "Requests per second", kind: number, unit: "reqps", w: 6, h: 4, about: "Requests that ended well.",
				q: []query{{total("vllm:request_success_total"), who}}},
			{title: "Output throughput", kind: number, unit: "suffix: tok/s", w: 6, h: 4, about: "Generated tokens per second.",
				q: []query{{total("vllm:generation_tokens_total"), who}}},
			{title: "TTFT p99", kind: number, unit: "s", w: 6, h: 4, about: "99 of 100 requests got their first token sooner.",
				q: []query{{quantile("0.99", by, "vllm:time_to_first_token_seconds"), who}}},
			{title: "KV cache", kind: number, unit: "percentunit", max: 1, alarm: 0.95, w: 6, h: 4, about: "The fullest engine's share of cache blocks in use. Near 100 % requests wait or are preempted.",
				q: []query{{cache, who}}},
			{title: "Latency"},
			{title: "End-to-end latency", unit: "s", about: "From arrival to the last token.", q: quantiles(by, who, "vllm:e2e_request_latency_seconds")},
			{title: "Time to first token (TTFT)", unit: "s", about: "From arrival to the first token: waiting and prefill.", q: quantiles(by, who, "vllm:time_to_first_token_seconds")},
			{title: "Inter-token latency (ITL, TPOT)", unit: "s", about: "Between two tokens of one answer. Older servers call it time per output token.", q: quantiles(by, who, itl...)},
			{title: "Throughput"},
			{title: "Token throughput", unit: "suffix: tok/s", about: "Tokens read in prompts and tokens generated, per second.", q: []query{
				{total("vllm:prompt_tokens_total"), who + " prompt"}, {total("vllm:generation_tokens_total"), who + " generation"}}},
			{title: "Requests", unit: "reqps", about: "Requests that ended well, per second.", q: []query{{total("vllm:request_success_total"), who}}},
			{title: "Finish reasons", kind: stack, unit: "reqps", about: "Why requests ended: stop (the model was done), length (the token limit), abort (the client left).",
				q: []query{{sumRate(by+", finished_reason", "vllm:request_success_total"), who + " {{finished_reason}}"}}},
			{title: "Scheduler and cache"},
			{title: "Scheduler state", kind: stack, unit: "short", about: "Requests that run and that wait. Swapped ones exist only in the old engine.", q: []query{{state, who + " {{state}}"}}},
			{title: "KV cache usage", unit: "percentunit", max: 1, about: "Share of the cache blocks in use, of the fullest engine.", q: []query{{cache, who}}},
			{title: "Prefix cache hit rate", unit: "percentunit", max: 1, about: "Share of prompt tokens found in the prefix cache. High values mean that prompts repeat, so that latencies flatter.", q: []query{{hits, who}}},
			{title: "Lengths"},
			{title: "Prompt length", kind: heat, unit: "short", about: "Tokens in a request's prompt: how many requests fell into each bucket.", q: lengths("vllm:request_prompt_tokens")},
			{title: "Generation length", kind: heat, unit: "short", about: "Tokens in a request's answer: how many requests fell into each bucket.", q: lengths("vllm:request_generation_tokens")},
			{title: "Longest generation", unit: "short", about: "Upper end of the bucket with the longest answer.", q: []query{{longest, who}}},
			{title: "Phases of a request"},
			{title: "Queue time", unit: "s", w: 12, about: "Waiting until the scheduler took the request.", q: phase("queue")},
			{title: "Prefill time", unit: "s", w: 12, about: "Reading the prompt, until the first token.", q: phase("prefill")},
			{title: "Decode time", unit: "s", w: 12, about: "From the first token to the last.", q: phase("decode")},
			{title: "Inference time", unit: "s", w: 12, about: "Prefill and decode together: the request was running.", q: phase("inference")},
		},
	}
}
