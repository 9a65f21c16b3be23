package main

// storage shows Lustre as the clients count it and IO500 runs. Client counters are a node's, not a job's.
func storage() board {
	vars := append(chain("lustre_stats_total|assay_run_metric", "experiment"), chain("lustre_stats_total", "experiment", "service", "node")[1:]...)
	once := func(labels, counter string) string {
		return "max by (node, " + labels + ") (rate(" + window(counter) + "))"
	}
	of := func(pattern string, p panel) panel { return measured(`experiment=~"$experiment",`, pattern, p) }
	return board{
		uid: "assay-storage", title: "assay: storage", from: "1h", vars: vars, filter: matchers(vars),
		about: "Lustre client counters of every node, and the phases of IO500 runs.",
		panels: []panel{
			{title: "Lustre clients"},
			{title: "Read", unit: "Bps", about: "By node and target. Where target is the file system, reads from the client's cache count too.",
				q: []query{{once("target", "lustre_read_bytes_total"), "{{node}} {{target}}"}}},
			{title: "Written", unit: "Bps", about: "By node and target.", q: []query{{once("target", "lustre_write_bytes_total"), "{{node}} {{target}}"}}},
			{title: "All nodes together", unit: "Bps", about: "What the chosen nodes move together.", q: []query{
				{"sum by (target) (" + once("target", "lustre_read_bytes_total") + ")", "{{target}} read"},
				{"sum by (target) (" + once("target", "lustre_write_bytes_total") + ")", "{{target}} written"}}},
			{title: "Operations by type", kind: stack, unit: "ops", w: 12, about: "Over all nodes chosen. Operations that never happened are absent.",
				q: []query{{"sum by (operation) (" + once("operation, target", "lustre_stats_total") + ")", "{{operation}}"}}},
			{title: "Operations by node", unit: "ops", w: 12, about: "One node far above the others holds the rest back.",
				q: []query{{"sum by (node) (" + once("operation, target", "lustre_stats_total") + ")", "{{node}}"}}},
			{title: "IO500"},
			of("score_(bandwidth_gibs|iops_kiops|total)", panel{title: "Scores", kind: bars, unit: "short", w: 24, about: "The mean over repeats. A score of the native engine is never comparable to one of io500."}),
			of("(ior_(easy|hard)_(write|read)|ior_rnd4k_easy_read)_gibs", panel{title: "Bandwidth phases", kind: bars, w: 12, h: 12, about: "The ior phases, in GiB/s, mean over repeats."}),
			of("(mdtest_(easy|hard)_(write|stat|delete)|mdtest_hard_read|find)_kiops", panel{title: "Metadata phases", kind: bars, w: 12, h: 12, about: "The mdtest phases and find, in thousands of operations per second, mean over repeats."}),
		},
	}
}
