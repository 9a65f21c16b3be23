// Package suite runs one benchmark run and keeps what all suites share.
//
// `assay suite RUNDIR` calls Run: it reads request.json, hands the run to the suite that the request names, and
// leaves result.json. The rules, which hold for every suite:
//
//   - A result is written once, whole, by rename. A suite that fails leaves a result with Error set and Run returns an
//     error. A run that was interrupted leaves no result at all.
//   - A run that lost what it needs (its disk, a file system, a target that does not answer) says so with a word of
//     drivers.Losses, in the result and in its exit code. It is done again; nothing was judged.
//   - A failed request is counted by kind (failed_timeout, failed_http_500 …) and never enters a latency.
//   - A metric's name is flat and carries its unit: ttft_p99_ms, output_throughput, recall_at_10.
//   - Percentiles interpolate linearly, as numpy does; std is the population's. A percentile is reported only when at
//     least one sample is expected beyond it (p99: 100 samples, p95: 20, p90: 10). A shorter run leaves it out and stays
//     valid, with the note TooFewSamples.
//   - A result is valid unless it has a fault. Faults and notes are the reasons of reasons.go; each is explained there
//     with what the user can do.
//   - What a server said (errors, versions, reasons) goes through a Redactor before it is written; cmd hands it in. Answers
//     are bounded by package bounded: one that is cut off is a failed request, and a fault of the result.
//   - All randomness comes from the request's seed through Rand, one independent stream for each use, so that asking
//     for one number more in one place changes nothing elsewhere.
//
// The suites themselves are in serving, vector and storage. They import this package; cmd passes them to Run. A run on
// several nodes has `assay suite-worker RUNDIR` on each node but the first (Work, and package coordinator). Runs that are
// measured at the same time wait for each other at an Overlap. The serving suite sends its load with the packages below
// loadgen, which selftest checks against a server with exact records.
//
//	run.go         Run and Work: request.json in, result.json out
//	reasons.go     why a result is not valid, and what a reader has to know
//	overlap.go     runs that are measured at the same time
//	failure.go     requests that failed, by kind
//	lost.go        a target that answers nothing at all, which is not the suite's judgement
//	percentile.go  means, percentiles, confidence intervals
//	effective.go   how many independent requests a run is worth
//	arrivals.go    the times of an open loop
//	seed.go        Rand: streams of random numbers
//	transport.go   net/http for measurements
//	pacer_linux.go, pacer_other.go  sleeping with the kernel's precision
//	usage_linux.go, usage_other.go  CPU time of the client and its host
package suite
