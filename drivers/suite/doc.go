// Package suite runs one benchmark run and keeps what all suites share.
//
// `assay suite RUNDIR` calls Run: it reads request.json, hands the run to the suite that the request names, and
// leaves result.json. The rules, which hold for every suite:
//
//   - A result is written once, whole, by rename. A suite that fails leaves a result with Error set and Run returns an
//     error; a run that was interrupted leaves no result at all, for there is nothing honest to say about it.
//   - A failed request is counted by kind (failed_timeout, failed_http_500 …) and never enters a latency.
//   - A metric's name is flat and carries its unit: ttft_p99_ms, output_throughput, recall_at_10.
//   - Percentiles interpolate linearly, as numpy does; std is the population's. A percentile is reported only when at
//     least one sample is expected beyond it (p99: 100 samples, p95: 20, p90: 10); a shorter run leaves it out and the
//     result says so with the reason TooFewSamples, without being invalid for it.
//   - All randomness comes from the request's seed through Rand, one independent stream for each use, so that asking
//     for one number more in one place changes nothing elsewhere.
//
// The suites themselves are in serving, vector and storage. They import this package; it knows none of them: cmd passes
// them in. A run on several nodes has `assay suite-worker RUNDIR` on each but the first (Work, and package team). Runs
// that are to be measured at the same time wait for each other at an Overlap.
package suite
