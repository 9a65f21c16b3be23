package results

// common are the metrics that several suites write.
func common() []Metric {
	return each("", Errors, []Metric{
		{Name: "error_rate_percent", Unit: "%", Better: Lower, Title: "Errors", Prominence: Column, Brief: "errors #%", Meaning: "The share of requests that failed; they are in no latency and no throughput."},
		{Name: "failed_<kind>", Better: Lower, Title: "Failed, <kind>", Meaning: "Requests that failed as <kind>: a common HTTP status (http_429), the class of another one (http_4xx), a timeout or a broken connection."},
		{Name: "overlap_percent", Group: Load, Unit: "%", Better: Higher, Title: "Overlap", Meaning: "The share of the run's window during which the runs measured at the same time measured too."},
		{Name: "energy_j", Group: Server, Unit: "J", Better: Lower, Title: "Energy", Meaning: "What the target's GPUs drew while it was measured, by the power of each, sampled at least every 3 s."},
		{Name: "energy_per_request_j", Group: Server, Unit: "J", Better: Lower, Title: "Energy per request", Meaning: "The energy of the target's GPUs, divided by the requests that succeeded."},
		{Name: "energy_per_output_token_j", Group: Server, Unit: "J", Better: Lower, Title: "Energy per output token", Prominence: Compared, Meaning: "The energy of the target's GPUs, divided by the tokens that were generated."},
		{Name: "gpu_power_mean_w", Group: Server, Unit: "W", Title: "GPU power mean", Meaning: "The mean power of all GPUs of the target together while it was measured."},
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
