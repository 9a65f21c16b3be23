package main

// control shows what the controller does, and whether it and the monitoring are well.
func control() board {
	vars := chain("assay_service_ready", "experiment", "service")
	const who = "{{experiment}}/{{service}}"
	ofExperiment := func(metric string) string { return metric + `{experiment=~"$experiment"}` }
	return board{
		uid: "assay-control", title: "assay: control", from: "3h", vars: vars, filter: matchers(vars),
		about: "Services, seats, runs, the controller itself, and the health of the monitoring.",
		panels: []panel{
			{title: "Controller"},
			{title: "Scheduler", kind: number, unit: "short", w: 6, h: 4, words: map[string]string{"0": "red unreachable", "1": "green reachable"},
				about: "Whether the last listing of jobs succeeded. While it fails nothing is submitted or cancelled.", q: []query{{"max(assay_scheduler_reachable)", "scheduler"}}},
			{title: "Since the last pass", kind: number, unit: "s", w: 6, h: 4, alarm: 300, about: "A controller that is well passes every few seconds.", q: []query{{"time() - max(assay_controller_last_pass_timestamp_seconds)", "last pass"}}},
			{title: "Nodes held", kind: number, unit: "short", w: 6, h: 4, about: "Nodes that running jobs hold, by experiment: what it costs.", q: []query{{ofExperiment("assay_nodes"), "{{experiment}}"}}},
			{title: "Runs", kind: number, unit: "short", w: 6, h: 4, about: "Benchmark runs by phase.", q: []query{{"sum by (phase) (" + ofExperiment("assay_runs") + ")", "{{phase}}"}}},
			{title: "Pass duration", unit: "s", w: 12, about: "The last look at the world and what was done about it. Growth means a slow scheduler or file system.", q: []query{{"max(assay_controller_pass_seconds)", "last pass"}}},
			{title: "Passes per second", unit: "ops", w: 12, about: "A pass comes by the clock and after every event.", q: []query{{"sum(rate(assay_controller_passes_total[$__rate_interval]))", "passes"}}},
			{title: "Services and jobs"},
			{title: "Service ready", kind: states, unit: "short", w: 12, words: map[string]string{"0": "red not ready", "1": "green ready"},
				about: "Whether a service answers its probes and serves what was declared.", q: []query{{"max by (experiment, service, kind, simulated) (assay_service_ready{@})", who + " ({{kind}}, simulated {{simulated}})"}}},
			{title: "Restarts", unit: "short", w: 12, about: "Restarts within the time shown.", q: []query{{"sum by (experiment, service) (increase(assay_service_restarts_total{@}[$__range]))", who}}},
			{title: "Seats", kind: rows, unit: "short", w: 12, about: "A seat is the place that a job fills; two seats of one service are a renewal in progress.",
				q: []query{{"max by (experiment, service, seat, job_id, state) (assay_seat_state{@} == 1)", ""}}},
			{title: "Time left", unit: "s", w: 12, about: "Until the job's time limit. A service that is renewed gets its successor before.", q: []query{{"min by (experiment, service, seat) (assay_seat_seconds_left{@})", who + " {{seat}}"}}},
			{title: "Seats by state", kind: stack, unit: "short", w: 12, about: "How many seats wait, run or have ended.", q: []query{{"sum by (experiment, state) (assay_seat_state{@})", "{{experiment}} {{state}}"}}},
			{title: "Runs by phase", kind: stack, unit: "short", w: 12, about: "How far the benchmarks are.", q: []query{{"sum by (experiment, benchmark, phase) (" + ofExperiment("assay_runs") + ")", "{{experiment}}/{{benchmark}} {{phase}}"}}},
			{title: "Monitoring"},
			{title: "Targets up", unit: "percentunit", max: 1, about: "Share of a service's scrape targets that answer.", q: []query{{"avg by (experiment, service) (up{@})", who}}},
			{title: "Targets down", kind: number, unit: "short", alarm: 1, about: "Targets that did not answer the last scrape. More than none is a fault.", q: []query{{"sum(1 - up{@})", "down"}}},
			{title: "Which targets are down", kind: rows, unit: "short", about: "Empty when all is well.", q: []query{{"up{@} == 0", ""}}},
			{title: "Scrape duration", unit: "s", about: "The slowest target of each service. Near the scrape interval samples are lost.", q: []query{{"max by (experiment, service) (scrape_duration_seconds{@})", who}}},
			{title: "Samples per scrape", unit: "short", about: "What one round of scrapes brings.", q: []query{{"sum by (experiment, service) (scrape_samples_scraped{@})", who}}},
			{title: "Series in Prometheus", unit: "short", about: "Series in memory, where Prometheus scrapes itself, and series that the last scrapes added: steady growth means labels that change all the time.", q: []query{
				{"sum by (instance) (prometheus_tsdb_head_series)", "{{instance}} in memory"}, {"sum by (job) (scrape_series_added)", "{{job}} new in the last scrape"}}},
		},
	}
}
