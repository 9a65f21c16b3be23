package main

import "fmt"

// point is what tells results apart; repeats of one point are one result.
const point = "experiment, benchmark, target, revision, point"

// marked adds the labels sim and bad to a result: empty, or a word for the legend.
func marked(expr string) string {
	return fmt.Sprintf(`label_replace(label_replace(%s, "sim", " (simulated)", "simulated", "(?i:true|1)"), "bad", " INVALID", "valid", "(?i:false|unknown|0)")`, expr)
}

const mark = "{{sim}}{{bad}}"

// results is the mean over repeats of the metrics that a pattern names, one series for each metric and point.
func results(filter, metric string) []query {
	return []query{{marked("avg by (" + point + ", metric, simulated, valid) (assay_run_metric{" + filter + `metric=~"` + metric + `"})`),
		"{{metric}} {{benchmark}} {{revision}} {{point}}" + mark}}
}

// benchmarks shows results. Valid and simulated are choices, and a result that is either says so in its name.
func benchmarks() board {
	vars := chain("assay_run_metric", "experiment", "benchmark", "target", "simulated", "valid")
	metric := variable{name: "metric", label: "Metric", query: "label_values(assay_run_metric{" + matchers(vars) + "}, metric)"}
	values := func(m string) []query { return results("@,", m) }
	spread := func(fn string) string {
		return fn + " by (" + point + ", metric, simulated, valid) (assay_run_metric{@,metric=~\"$metric\"})"
	}
	who := "{{metric}} {{benchmark}} {{revision}} {{point}}" + mark
	return board{
		uid: "assay-benchmarks", title: "assay: benchmarks", from: "24h", vars: append(vars, metric), filter: matchers(vars),
		about: "Results of benchmark runs by revision and point, as the controller keeps them. Simulated and invalid results are marked: compare neither with others.",
		panels: []panel{
			{title: "Serving"},
			{title: "TTFT p99", kind: bars, unit: "ms", about: "Time to first token that 99 of 100 requests stayed under; mean over repeats.", q: values("ttft_p99_ms")},
			{title: "Inter-token latency p99", kind: bars, unit: "ms", about: "ITL, and TPOT: its mean within a request.", q: values("(itl|tpot)_p99_ms")},
			{title: "End-to-end latency p99", kind: bars, unit: "ms", about: "The whole request.", q: values("e2el_p99_ms")},
			{title: "Output throughput", kind: bars, unit: "suffix: tok/s", about: "Generated tokens per second over the whole run.", q: values("output_throughput(_tok_s)?")},
			{title: "Request throughput", kind: bars, unit: "reqps", about: "Requests per second that ended well; goodput counts only those that met their limits.", q: values("(request_throughput|goodput|request_goodput)(_req_s)?")},
			{title: "Failed requests", kind: bars, unit: "percent", alarm: 1, about: "Share of requests that failed. They are in no latency.", q: values("error_rate_percent")},
			{title: "Vector search"},
			{title: "Queries per second", kind: bars, unit: "suffix: queries/s", about: "By number of clients.", q: values("(.*_)?qps")},
			{title: "Recall", kind: bars, unit: "percentunit", max: 1, about: "Share of the true nearest neighbours that were returned: a faster index with less recall is not better.", q: values("recall.*")},
			{title: "Ingest", kind: bars, unit: "suffix: vectors/s", about: "Vectors stored per second.", q: values("ingest_vectors_per_s")},
			{title: "Any metric"},
			{title: "Chosen metrics", kind: bars, unit: "short", w: 12, h: 12, about: "The metrics chosen above, mean over repeats.", q: values("$metric")},
			{title: "Spread over repeats", kind: bars, unit: "short", w: 12, h: 12, about: "Largest less smallest of a point's repeats. A difference between revisions that is smaller proves nothing.",
				q: []query{{marked(spread("max") + " - " + spread("min")), who}}},
			{title: "Over time", unit: "short", w: 24, about: "The metrics chosen above, from the moment that each result was there.", q: values("$metric")},
			{title: "Runs"},
			{title: "Run durations", kind: bars, unit: "s", w: 12, about: "How long each run took.", q: []query{
				{"max by (experiment, benchmark, target, revision, point, repeat, run) (assay_run_duration_seconds{@})", "{{benchmark}} {{revision}} {{point}} #{{repeat}}"}}},
			{title: "Runs", kind: rows, unit: "short", w: 12, about: "Every run and what it ran with.", q: []query{{"assay_run_info{@}", ""}}},
		},
	}
}
