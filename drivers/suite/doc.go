// Package suite runs one benchmark run and keeps what all suites share.
//
// `assay suite RUNDIR` calls Run: it reads request.json, hands the run to the suite that the request names, and
// leaves result.json. The rules, which hold for every suite:
//
//   - A result is written once, whole, by rename. A suite that fails leaves a result with Error set and Run returns an
//     error. A run that was interrupted leaves no result at all; a serving run then leaves its samples and
//     partial.json, also when it was killed.
//   - A run that lost what it needs (its disk, a file system, a target that does not answer) says so with a word of
//     drivers.Losses, in the result and in its exit code. It is done again; nothing was judged.
//   - A failed request is counted by kind (failed_timeout, failed_http_500 …) and never enters a latency.
//   - A metric's name is flat and carries its unit: ttft_p99_ms, output_throughput, recall_at_10.
//   - Percentiles interpolate linearly, as numpy does; std is the population's. A percentile is reported only when with 99 %
//     confidence at least two samples lie beyond it (v1alpha1.SamplesFor: p90 64, p95 130, p99 662, p99.9 6,636). A shorter run leaves
//     it out and stays valid, with the note TooFewSamples, which names those up to p99. The maximum is always there, but of nothing.
//     Of more than 32,768 values it is told within a 4,096th of itself (Values).
//   - …_lo and …_hi enclose a mean, median or percentile of requests with 95 % confidence, though requests depend on each other
//     (package series). Where that cannot be said, they are absent, and the note NoInterval says why.
//   - A result is valid unless it has a fault. Faults and notes are the reasons of reasons.go; each is explained there
//     with what the user can do.
//   - What a server said (errors, versions, reasons) goes through a Redactor before it is written; cmd hands it in. Answers
//     are bounded by package bounded: one that is cut off is a failed request, and a fault of the result.
//   - A result carries the window in which it measured, preparation and scoring left out: everything that is recorded
//     elsewhere is joined by it. A wall clock that was set meanwhile is the note ClockStepped.
//   - Energy is that of the target's GPUs, by UUID, in the window: trapezoids between samples of at most 3 s apart. What a
//     result could have and has not is in absent, with why.
//   - All randomness comes from the request's seed through Rand, one independent stream for each use, so that asking
//     for one number more in one place changes nothing elsewhere.
//
// The suites themselves are in serving, vector and storage. They import this package; cmd passes them to Run. A run on
// several nodes has `assay suite-worker RUNDIR` on each node but the first (Work, and package coordinator). Runs that are
// measured at the same time wait for each other at an Overlap. What keeps a client from its work is noticed by package
// selfwatch. Package series is the statistics of values in the order of time. The serving suite sends its load with the packages below
// loadgen, which selftest checks against a server with exact records.
//
//	run.go         Run and Work: request.json in, result.json out
//	reasons.go     why a result is not valid, and what a reader has to know
//	overlap.go     runs that are measured at the same time
//	failure.go     requests that failed, by kind
//	lost.go        a target that answers nothing at all, which is not the suite's judgement
//	percentile.go  means, percentiles, and which a distribution reports
//	values.go      the same of any number of values, in bounded memory
//	intervals.go   how sure they are, of values in the order of time
//	queue.go       an open loop that asks for more than is answered
//	effective.go   how many independent requests a run is worth
//	objective.go   how a run kept the objective of a search
//	arrivals.go    the times of an open loop
//	seed.go        Rand: streams of random numbers
//	clock.go       when a run measured, on the wall clock and on CLOCK_MONOTONIC
//	meter.go       the counters of the target's nodes while a run goes on, and what their cards draw
//	nodes.go       what the nodes are
//	machine.go     what the client's own node is
//	energy.go      joules from samples of power
//	files.go       data sets by their hash
//	transport.go   net/http for measurements
//	pacer_linux.go, pacer_other.go  sleeping with the kernel's precision
//	usage_linux.go, usage_other.go  CPU time of the client and its host
package suite
