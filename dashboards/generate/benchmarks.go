package main

import "fmt"

// point are the labels that identify a result; repeats of one point are one result.
const point = "experiment, benchmark, target, revision, point"

// marked adds the labels sim and bad to a result: empty, or a word for the legend.
func marked(expr string) string {
	return fmt.Sprintf(`label_replace(label_replace(%s, "sim", " (simulated)", "simulated", "(?i:true|1)"), "bad", " INVALID", "valid", "(?i:false|unknown|0)")`, expr)
}

const mark = "{{sim}}{{bad}}"

// benchmarks shows results. Valid and simulated are variables; invalid and simulated results are marked in the legend.
func benchmarks() board {
	vars := chain("assay_run_metric", "experiment", "benchmark", "target", "simulated", "valid")
	metric := variable{name: "metric", label: "Metric", query: "label_values(assay_run_metric{" + matchers(vars) + "}, metric)"}
	of := func(pattern string, p panel) panel { return measured("@,", pattern, p) }
	chosen := means("@,", "$metric")
	spread := func(fn string) string {
		return fn + " by (" + point + ", metric, simulated, valid) (assay_run_metric{@,metric=~\"$metric\"})"
	}
	who := "{{metric}} {{benchmark}} {{revision}} {{point}}" + mark
	return board{
		uid: "assay-benchmarks", title: "assay: benchmarks", from: "24h", vars: append(vars, metric), filter: matchers(vars),
		about: "Results of benchmark runs by revision and point, as the controller keeps them. Simulated and invalid results are marked: compare neither with others.",
		panels: []panel{
			{title: "Serving"},
			of("ttft_p99_ms", panel{title: "TTFT p99", kind: bars, about: "Time to first token that 99 of 100 requests stayed under; mean over repeats."}),
			of("(itl|tpot)_p99_ms", panel{title: "Inter-token latency p99", kind: bars, about: "ITL, and TPOT: its mean within a request."}),
			of("e2el_p99_ms", panel{title: "End-to-end latency p99", kind: bars, about: "The whole request."}),
			of("output_throughput", panel{title: "Output throughput", kind: bars, about: "Generated tokens per second over the whole run."}),
			of("request_(throughput|goodput)", panel{title: "Request throughput", kind: bars, about: "Requests per second that ended well; goodput counts only those that met their limits."}),
			of("error_rate_percent", panel{title: "Failed requests", kind: bars, alarm: 1, about: "Share of requests that failed. They are in no latency."}),
			{title: "Vector search"},
			of("(.*_)?qps", panel{title: "Queries per second", kind: bars, about: "By number of clients."}),
			of("recall.*", panel{title: "Recall", kind: bars, unit: "percentunit", max: 1, about: "Share of the true nearest neighbours that were returned: a faster index with less recall is not better."}),
			of("ingest_vectors_per_s", panel{title: "Ingest", kind: bars, about: "Vectors stored per second."}),
			{title: "Any metric"},
			{title: "Chosen metrics", kind: bars, unit: "short", w: 12, h: 12, about: "The metrics chosen above, mean over repeats.", q: chosen},
			{title: "Spread over repeats", kind: bars, unit: "short", w: 12, h: 12, about: "Largest less smallest of a point's repeats. A difference between revisions that is smaller proves nothing.",
				q: []query{{marked(spread("max") + " - " + spread("min")), who}}},
			{title: "Over time", unit: "short", w: 24, about: "The metrics chosen above, from the moment that each result was there.", q: chosen},
			{title: "Runs"},
			{title: "Run durations", kind: bars, unit: "s", w: 12, about: "How long each run took.", q: []query{
				{"max by (experiment, benchmark, target, revision, point, repeat, run) (assay_run_duration_seconds{@})", "{{benchmark}} {{revision}} {{point}} #{{repeat}}"}}},
			{title: "Runs", kind: rows, unit: "short", w: 12, about: "Every run and what it ran with.", q: []query{{"assay_run_info{@}", ""}}},
		},
	}
}
