package main

// chroma shows the metrics of OpenLIT's instrumentation of the client, and the counters of the server's own telemetry; both
// come by OTLP, whose names Prometheus writes with _ for . and with the unit and _total appended.
func chroma() board {
	const by, who, op = "experiment, service", "{{experiment}}/{{service}}", "db_operation_name"
	vars := chain("db_requests_total|collection_.+_total", "experiment", "service", "node")
	const latency = "db_client_operation_duration_seconds"
	var counters []query
	for _, name := range []string{"add", "query", "get", "count", "update", "upsert", "delete"} {
		counters = append(counters, query{sumRate(by, "collection_"+name+"_total"), who + " " + name})
	}
	cache := sumRate(by, "cache_hit_total") + " / (" + sumRate(by, "cache_hit_total") + " + " + sumRate(by, "cache_miss_total") + " > 0)"
	ranged := func(by, counter string) string { return "sum by (" + by + ") (increase(" + counter + "{@}[$__range]))" }
	meanInRange := ranged(by+", "+op, latency+"_sum") + " / (" + ranged(by+", "+op, latency+"_count") + " > 0)"
	return board{
		uid: "assay-chroma", title: "assay: Chroma", from: "30m", vars: vars, filter: matchers(vars),
		about: "Chroma as its clients see it (OpenLIT, through the OpenTelemetry Collector) and as the server counts.",
		panels: []panel{
			{title: "Now"},
			{title: "Requests in all", kind: number, unit: "short", w: 6, h: 4, about: "Operations that clients did within the time shown.",
				q: []query{{ranged(by, "db_requests_total"), who}}},
			{title: "Request rate", kind: number, unit: "ops", w: 6, h: 4, about: "Operations per second.", q: []query{{sumRate(by, "db_requests_total"), who}}},
			{title: "Mean latency", kind: number, unit: "s", w: 6, h: 4, about: "Mean duration of an operation, seen by the client.", q: []query{{mean(by, latency), who}}},
			{title: "P95 latency", kind: number, unit: "s", w: 6, h: 4, about: "95 of 100 operations took less, seen by the client.", q: []query{{quantile("0.95", by, latency), who}}},
			{title: "As clients see it"},
			{title: "Operations by type", unit: "ops", about: "INSERT is add; GET is get and query.",
				q: []query{{sumRate(by+", "+op, "db_requests_total"), who + " {{" + op + "}}"}}},
			{title: "Latency by type", unit: "s", about: "Mean duration by operation.", q: []query{{mean(by+", "+op, latency), who + " {{" + op + "}}"}}},
			{title: "Latency", unit: "s", about: "Quantiles and mean over all operations.", q: quantiles(by, who, latency)},
			{title: "Latency distribution", kind: heat, unit: "s", about: "How many operations fell into each bucket.",
				q: []query{{"sum by (le) (increase(" + window(latency+"_bucket") + "))", "{{le}}"}}},
			{title: "HTTP request rate", unit: "reqps", about: "HTTP requests of the client, per second, by answer.",
				q: []query{{sumRate(by+", http_response_status_code", "http_client_request_duration_seconds_count"), who + " {{http_response_status_code}}"}}},
			{title: "HTTP latency", unit: "s", about: "Duration of the client's HTTP requests: the operation without what the client library adds.",
				q: quantiles(by, who, "http_client_request_duration_seconds")},
			{title: "Summary by operation: count", kind: rows, unit: "short", w: 12, about: "Operations within the time shown.", q: []query{{ranged(by+", "+op, "db_requests_total"), ""}}},
			{title: "Summary by operation: mean latency", kind: rows, unit: "s", w: 12, about: "Mean duration within the time shown.", q: []query{{meanInRange, ""}}},
			{title: "As the server counts"},
			{title: "Collection operations", unit: "ops", w: 12, about: "Calls that the server handled, per second, by operation.", q: counters},
			{title: "Cache hit rate", unit: "percentunit", max: 1, w: 12, about: "Share of the server's cache look-ups that hit.", q: []query{{cache, who}}},
		},
	}
}
