// Package results is what benchmarks have measured: the catalogue of metrics, the rows of runs, and statistics over repeats.
//
//	catalogue.go   Metric, and how one is found: Lookup by its name in result.json, Resolve by the name in a manifest
//	family.go      the statistics of one quantity, and how many samples each needs
//	serving.go     the metrics of the serving suite
//	vector.go      those of the vector suite
//	storage.go     those of the storage suite, and the phases of IO500
//	common.go      those of several suites
//	search.go      the answer of a search, from all its runs
//	brief.go       a run's main metrics in one line
//	row.go         a run as a Row; repeats as a Group
//	statistics.go  means, medians, intervals, tests
//
// The catalogue is the only list of metrics. Tables of runs, reports, comparisons, gates, exported metrics and dashboards
// read it. Suites, which cannot import it, write names; a test reads their source and finds a name that is not declared
// here, and an entry that no suite writes. To add a metric, write it in the suite and declare it in the suite's file.
//
// Only ended runs make a row. A run that is not valid makes a row that says so and enters no statistics. Of a repeat that
// was done several times, because the target or the manifest changed, the newest row counts.
//
// Statistics over repeats are of two kinds. A Summary is the mean with its t interval: repeats are means of many requests
// themselves, so near enough to normal, and an interval over three of them is finite. A comparison of two groups makes no
// such assumption: golang.org/x/perf/benchmath, which is what benchstat uses, gives medians with their order-statistic
// intervals and the Mann-Whitney test. Three repeats on each side can never reach p < 0.05 there, and the comparison warns of it.
// Quantiles of Student's t come from gonum.
package results
