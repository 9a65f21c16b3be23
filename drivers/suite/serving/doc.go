// Package serving measures an OpenAI-compatible server in vLLM's terms, with and without structured outputs.
//
// A run goes like this (suite.go): see that the model is served on every replica and find out what the server is;
// prove that it enforces constraints (probe.go), or learn how long its tokens are (calibrate.go); send the warm-ups;
// write all requests (prepare.go) and open the connections; send them as a closed or an open loop; then, with the clock
// stopped, score every answer (score.go) and sum up (metrics.go). It leaves four files: result.json by way of package
// suite, vLLM's own result JSON (vllmresult.go), samples.jsonl.gz and samples.csv, one line for each request.
//
// Over plain HTTP the requests go through package loadgen/wire: raw sockets, arrivals stamped by the kernel
// (driver_linux.go). Over TLS, and on systems other than Linux, they go through net/http (driver.go, load.go, client.go),
// which is several times less exact; versions.client says which one it was. `make bench` (package selftest) compares both
// with a server that records every arrival.
//
// # The load
//
// One of (schedule.go): rate (times as vLLM's serve computes them: gamma gaps, stretched so that the last request goes at
// n/rate), rampUp, stages, or the times of a timed trace. With none of these it is a closed loop, in which concurrency
// requests are always in flight, or all at once. The times are fixed before the first request and never moved. With
// concurrency as well, a request that is due waits for a free slot, and that wait is reported.
//
// The five structured data sets are made up by dataset.go and prompts.go, random and shared-prefix by freetext.go, which
// also reads custom, sharegpt and timed-trace files. Every prompt begins with a mark of its run, so that the server's
// prefix cache holds nothing of another run's; within a run only shared-prefix, custom and sharegpt repeat beginnings.
// evalset.go reads xgrammar_bench.
//
// # More than one core, more than one node
//
// cores in the manifest gives the client that many threads. run.nodes makes the processes of several nodes send one load
// (leader.go, worker.go, package coordinator): node k of n takes every n-th request, at the same times as if there were
// one node, and its share of the concurrency. The leader measures the offset of each worker's clock, sends all workers the
// time to start, and afterwards receives every sample: the result is made of all of them, as if one client had sent them.
// A latency is a difference on one clock; only the schedule and the windows depend on client_clock_bar_ms.
//
// # Definitions
//
// They are vLLM's. start is just before the request is sent, after the concurrency bound. TTFT is from start to the
// first event with a non-empty choices array, E2EL to the last; ITL is the gap between two such events, pooled over all
// requests, and so is per chunk and not per token (tokens_per_chunk tells them apart; where it is above one, itl_token is
// the same gaps divided by the tokens of their request's chunks). TPOT is (E2EL - TTFT) / (output
// tokens - 1) of requests with more than one token. Tokens are what the server's usage says. duration_s is from the
// first dispatch to the last completion, ramp and drain included, and the throughputs divide what succeeded by it;
// steady_… is of the window in which at least nine tenths of the usual number were in flight (steady.go). …_intended
// counts from when the schedule wanted a request instead of when it was sent. goodput divides the requests that kept
// every bound by the time, and by all that were attempted: one that failed kept none. …_lo and …_hi enclose a
// median or percentile with 95 % confidence, by the ranks that a binomial allows.
//
// connect is the time of connections that had to be opened while the clock ran; it lies before start, in no latency but the
// intended ones. send_lateness is the client's own delay, from when a request could go to when it went; slot_wait is how
// long the concurrency bound held back a request; read_delay is how long a piece of an answer lay in the kernel, with its
// stamp, before it was read. server_… is what the server's own /metrics report about the same window (server_metrics.go).
//
// A request fails, by kind, with http_<status> or http_<class>, timeout, connect, connection_lost, truncated_stream (no [DONE]),
// error_event, bad_event, bad_http, no_output, no_tokens, answer_too_large. It is never sent again.
//
// The last one is an answer of more than 4 MiB and 4 KiB for each token that it can have, or any one once all answers of the
// run have more than 64 MiB and 1 KiB a token together: an event, which brings a token or more, has some 300 bytes. Its
// connection is closed there. Head, chunking and trailer count. Of the server's /metrics only vLLM's are kept.
//
// correct_rate_percent is the share of completed requests whose whole answer satisfies its constraint (JSON Schema,
// full-match regular expression, membership in the grammar, one of the choices), truncated_rate_percent the share
// that the token limit cut while it was still right, violated_rate_percent the rest. Requests that were sent free
// (structuredRatio below 1) are scored against the same constraint under unconstrained_….
//
// # When a result is not valid
//
//   - NothingCompleted: no request succeeded, so the result has no latencies
//   - ErrorRate: more than 1 % of the requests failed
//   - AnswerTooLarge: an answer was larger than an honest one can be
//   - NoUsage: the tokens could not be counted
//   - ClientLate: the client sent late, p99, by more than a tenth of the mean TTFT (at least 5 ms and at most 50 ms are
//     tolerated), or read late by more than a tenth of the mean E2EL (at least 50 ms are tolerated)
//   - ClientBusy: it used more than nine tenths of its cores (cores in the manifest)
//
// The note Coalesced says that chunks hold several tokens each; such a result is valid.
//
// client_error_bar_ms is the client's own error (selfcheck.go); a difference between two results that is smaller means
// nothing.
//
// # Files
//
//	suite.go       the order of a run            measure.go     preparing and sending one node's share
//	leader.go      several nodes: the leader     worker.go      the other nodes, and the messages
//	dataset.go     the structured data sets      prompts.go     their words
//	freetext.go    the free data sets            evalset.go     xgrammar_bench
//	payload.go     the body of a request         prepare.go     all bodies, before the clock starts
//	schedule.go    when requests go              load.go        the two loops over net/http
//	client.go      the client on net/http        stream.go      its answers
//	driver.go      which client sends            driver_linux.go, driver_other.go
//	probe.go       model, version, enforcement   calibrate.go   words per token
//	score.go       answers against constraints   selfcheck.go   the client's own error
//	metrics.go     latencies and throughputs     steady.go      windows
//	goodput.go     bounds, stages                server_metrics.go
//	objective.go   the bounds of a search
//	samples.go     samples.jsonl.gz              csv.go         samples.csv
//	vllmresult.go  vLLM's result JSON
//
// # Dependencies
//
// golang.org/x/sys for timerfd, epoll and the kernel's stamps: the standard library's sleep is half a millisecond late,
// and the schedule with it. prometheus/common reads the server's /metrics.
package serving
