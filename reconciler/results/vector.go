package results

import "slices"

const ofVector = "vector"

// vector are the metrics of drivers/suite/vector.
func vector() []Metric {
	out := each(ofVector, Throughput, []Metric{
		{Name: "ingest_vectors_per_s", Unit: "vectors/s", Better: Higher, Title: "Ingest vectors/s", Prominence: Headline, Brief: "ingest # vectors/s", Meaning: "Vectors that the server acknowledged, per second inside the requests that stored them."},
		{Name: "query_sequential_qps", Unit: "queries/s", Better: Higher, Title: "Sequential queries/s", Prominence: Headline, Brief: "# queries/s", Meaning: "Queries that succeeded, per second, one after the other."},
		{Name: "recall_at_<K>", Group: Quality, Better: Higher, Title: "Recall@<K>", Prominence: Headline, Brief: "recall@<K> #", Meaning: "The mean share of the <K> true nearest neighbours that sequential queries found, 0 to 1."},
		{Name: "ingest_s", Unit: "s", Better: Lower, Group: Load, Title: "Ingest", Meaning: "The time inside the requests that stored the vectors."},
		{Name: "ingest_batch_size", Group: Load, Title: "Batch size", Meaning: "Vectors in one request that stores them."},
		{Name: "vectors_stored", Group: Load, Title: "Vectors stored", Meaning: "Vectors that the server holds after the ingest, by its own count."},
		{Name: "index_ready_s", Unit: "s", Better: Lower, Group: Latency, Title: "Index ready", Meaning: "The time from the end of the ingest until the server says that all is indexed and answers twice the same."},
	})
	out = append(out, watched("ingest", "Ingest", "while storing the vectors")...)
	for _, p := range vectorPhases {
		out = append(out, p.metrics()...)
	}
	return append(out, each(ofVector, Load, []Metric{
		{Name: "query_filter_<P>pct_selected_percent", Unit: "%", Title: "Filter <P> %, selected", Meaning: "The share of all vectors that the filter of <P> % allows, exactly."},
		{Name: "repeated_query_speedup", Group: Server, Title: "Repeated queries, speed-up", Meaning: "How many times as fast a query is answered that was asked just before, by the median; well above 1 the server remembers answers."},
		{Name: "server_memory_mib", Unit: "MiB", Better: Lower, Group: Server, Title: "Server memory", Meaning: "Memory that the server's process held after the queries."},
		{Name: "server_memory_peak_mib", Unit: "MiB", Better: Lower, Group: Server, Title: "Server memory, peak", Meaning: "The most memory that the server's process held since it was started."},
		{Name: "server_disk_mib", Unit: "MiB", Better: Lower, Group: Server, Title: "Server disk", Meaning: "Disk space of the server's data folder after the queries, with the data of others."},
		{Name: "server_disk_added_mib", Unit: "MiB", Better: Lower, Group: Server, Title: "Server disk, added", Meaning: "Disk space that the server's data folder grew by in the run."},
		{Name: "writes_per_s", Unit: "vectors/s", Better: Higher, Group: Throughput, Title: "Writes, vectors/s", Meaning: "Vectors that the server acknowledged per second while it was queried."},
		{Name: "vectors_stored_at_the_end", Title: "Vectors stored at the end", Meaning: "Vectors that the server holds after the queries during writes, by its own count."},
		{Name: "errors", Better: Lower, Group: Errors, Title: "Failed requests", Meaning: "Requests of the whole run that failed."},
	})...)
}

// vectorPhase is one of the ways in which queries are sent.
type vectorPhase struct {
	name, title, of string
	scheduled       bool // by an open loop
	counted         bool // its rate and recall are declared above, under names of their own
	brief           string
	searched        bool // a point of a search's curve: its rate, its recall and its tails are columns
}

var vectorPhases = []vectorPhase{
	{name: "query_sequential", title: "Sequential queries", of: "queries sent one after the other", counted: true},
	{name: "query_c<N>", title: "Queries by <N> workers", of: "queries sent by <N> workers"},
	{name: "query_load", title: "Queries at the load", of: "queries sent by as many workers as the load of a search says", brief: "# queries/s", searched: true},
	{name: "query_rate", title: "Queries at a rate", of: "queries sent at a rate", scheduled: true, searched: true},
	{name: "query_filter_<P>pct", title: "Queries among <P> %", of: "queries whose filter allows <P> % of the vectors"},
	{name: "query_writing", title: "Queries during writes", of: "queries sent at a rate while vectors were added", scheduled: true},
	{name: "query_ef<N>", title: "Queries with efSearch <N>", of: "queries of a collection with efSearch <N>"},
}

func (p vectorPhase) metrics() []Metric {
	var out []Metric
	column := Stored
	if p.searched {
		column = Column
	}
	if !p.counted {
		out = each(ofVector, Throughput, []Metric{
			{Name: p.name + "_qps", Unit: "queries/s", Better: Higher, Title: p.title + ", queries/s", Brief: p.brief, Prominence: column, Meaning: "How many succeeded per second, of " + p.of + "."},
			{Name: p.name + "_recall_at_<K>", Group: Quality, Better: Higher, Title: p.title + ", recall@<K>", Prominence: column, Meaning: "The mean share of the <K> true nearest neighbours found, 0 to 1, of " + p.of + "."},
		})
	}
	show := map[string]Prominence{"median": column, "p90": column, "p99": column}
	families := []family{{name: p.name, title: p.title, intervals: true, show: show, of: "the time from sending a query to the last byte of its answer, of " + p.of}}
	if p.scheduled {
		families = append(families,
			family{name: p.name + "_intended", title: p.title + ", from the schedule,", of: "the time from when the schedule wanted a query sent to the last byte of its answer, of " + p.of},
			family{name: p.name + "_send_lateness", title: p.title + ", send lateness,", of: "the client's own delay from when a query should go to when it went, of " + p.of})
	}
	for _, f := range families {
		f.suite, f.group = ofVector, Latency
		out = append(out, f.metrics()...)
	}
	return slices.Concat(out, watched(p.name, p.title, "for "+p.of), each(ofVector, Load, []Metric{
		{Name: p.name + "_queries", Title: p.title + ", number", Meaning: "How many succeeded, of " + p.of + "."},
	}))
}

// watched is what the client saw of itself in a phase.
func watched(name, title, when string) []Metric {
	var out []Metric
	for _, m := range []Metric{
		{Name: "cpu_percent", Unit: "%", Title: "client CPU", Meaning: "CPU time that the client used, as a share of one core"},
		{Name: "foreign_cpu_percent", Unit: "%", Title: "foreign CPU", Meaning: "CPU time that other programs used of the client's CPUs, as a share of one core"},
		{Name: "cpu_wait_percent", Unit: "%", Title: "client's wait for a CPU", Meaning: "For how long the client's threads were ready and not let run, as a share of the time"},
		{Name: "stolen_percent", Unit: "%", Title: "stolen CPU", Meaning: "CPU time that a hypervisor took of the client's CPUs, as a share of one core"},
		{Name: "throttled_percent", Unit: "%", Title: "client throttled", Meaning: "For how long a control group's quota stopped the client, as a share of the time"},
		{Name: "page_faults", Title: "client's page faults", Meaning: "How often memory of the client had to be read back from a disk"},
		{Name: "gc_pause_ms", Unit: "ms", Title: "client's collector", Meaning: "For how long the client's garbage collector stopped it"},
		{Name: "wake_delay_p99_ms", Unit: "ms", Title: "client's delay p99", Meaning: "How late the client noticed what happened, with 99 of 100 moments"},
		{Name: "wake_delay_max_ms", Unit: "ms", Title: "client's delay, most", Meaning: "How late the client noticed what happened at most"},
	} {
		m.Name, m.Title, m.Meaning, m.Better = name+"_client_"+m.Name, title+", "+m.Title, m.Meaning+", "+when+".", Lower
		out = append(out, m)
	}
	return each(ofVector, Client, out)
}
