package results

// common are the metrics that several suites write.
func common() []Metric {
	return each("", Errors, []Metric{
		{Name: "error_rate_percent", Unit: "%", Better: Lower, Title: "Errors", Prominence: Column, Brief: "errors #%", Meaning: "The share of requests that failed; they are in no latency and no throughput."},
		{Name: "failed_<kind>", Better: Lower, Title: "Failed, <kind>", Meaning: "Requests that failed as <kind>: a common HTTP status (http_429), the class of another one (http_4xx), a timeout or a broken connection."},
		{Name: "overlap_percent", Group: Load, Unit: "%", Better: Higher, Title: "Overlap", Meaning: "The share of the run's window during which the runs measured at the same time measured too."},
	})
}

// each completes entries with their suite and, where they name none, their group.
func each(suite, group string, all []Metric) []Metric {
	for i := range all {
		all[i].Suite = suite
		if all[i].Group == "" {
			all[i].Group = group
		}
	}
	return all
}
