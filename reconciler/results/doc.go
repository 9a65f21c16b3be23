// Package results is what benchmarks have measured: the catalogue of metrics, the rows of runs, and statistics over repeats.
//
//	catalogue.go   Metric, and how one is found: Lookup by its name in result.json, Resolve by the name in a manifest
//	family.go      the statistics of one quantity, and how many samples each needs
//	named.go       the metric that a manifest means, and bounds in its unit
//	serving.go     the metrics of the serving suite
//	vector.go      those of the vector suite
//	storage.go     those of the storage suite, and the phases of IO500
//	common.go      those of several suites
//	search.go      the answer of a search, from all its runs
//	brief.go       a run's main metrics in one line
//	row.go         a run as a Row; repeats as a Group
//	gpus.go        how many GPUs a target had
//	statistics.go  means, medians, intervals
//
// The catalogue is the only list of metrics. Tables of runs, reports, comparisons, gates, exported metrics and dashboards
// read it. Suites, which cannot import it, write names; a test reads their source and finds a name that is not declared
// here, and an entry that no suite writes. To add a metric, write it in the suite and declare it in the suite's file.
//
// Only ended runs make a row. A run that is not valid makes a row that says so and enters no statistics. Of a repeat that
// was done several times, because the target or the manifest changed, the newest row counts.
//
// A Summary is the mean of repeats with its t interval; what is decided, and the interval of a Median, is package decide's.
// Quantiles of Student's t come from gonum.
package results
