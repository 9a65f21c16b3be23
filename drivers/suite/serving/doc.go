// Package serving measures an OpenAI-compatible server in vLLM's terms, with and without structured outputs.
//
// A run goes like this (suite.go): see that the model is served on every replica and find out what the server is;
// prove that it enforces constraints (probe.go), or learn how long its tokens are (calibrate.go); send the warm-ups;
// write all requests (prepare.go) and open the connections; send them as a closed or an open loop; then, with the clock
// stopped, ask one prompt again (repeated.go), score every answer (score.go), compare the work done with the work asked
// (work.go) and sum up (metrics.go). It leaves four files: result.json by way of package
// suite, vLLM's own result JSON (vllmresult.go), samples.jsonl.gz and samples.csv, one line for each request (text.go writes texts and times).
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
// also reads custom files; sharegpt.go and trace.go read theirs. Every prompt begins with a mark of its run, so that the server's
// prefix cache holds nothing of another run's; within a run only shared-prefix, custom and sharegpt repeat beginnings.
// evalset.go reads xgrammar_bench.
//
// Made-up prompts have the length that the manifest asks for as the server counts it, with all that its template adds (words.go,
// calibrate.go). Where the server has /tokenize they are made of words that it says are one token each, and every prompt is
// exact; else the words' length and what is added are measured with two prompts, and lengths are right on average. sharegpt
// takes the conversations that vLLM takes with the same seed, in its order, and an answer gets the length of the data set's own
// unless outputTokens is given. A trace's hash_ids are blocks of 512 tokens (or of 16, where that is what fits): equal ones are
// equal text, and so share the server's prefix cache as they did when the trace was recorded.
//
// Every request, also of the probes, has the manifest's sampling, extraBody and headers (payload.go, headers.go). versions.request
// says what that is; headers are not recorded, and secret ones are redacted from what the server says.
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
// steady_… is of the steady window. In a closed loop that is the time in which at least nine tenths of the usual number were
// in flight (steady.go); in an open loop it begins where MSER-5 finds the end of the warm-up in the latencies, ends with the
// last dispatch, and is absent where the load changes by itself (rampUp, stages, a trace). …_intended
// counts from when the schedule wanted a request instead of when it was sent. goodput divides the requests that kept
// every bound by the time, and by all that were attempted: one that failed kept none. …_lo and …_hi are
// made as package suite says, of requests in the order in which they were sent (intervals.go).
//
// ttft_text is the time to the first event that holds a text, a thought or a tool call, as MLPerf has it: the first event of a chat
// is empty, and some servers send it at once. Of a reasoning model ttft_thought is the time to the first thought and ttft_answer
// that to the first token behind the thoughts.
//
// connect is the time of connections that had to be opened while the clock ran; it lies before start, in no latency but the
// intended ones. send_lateness is the client's own delay, from when a request could go to when it went: in a closed loop
// from the arrival of the answer that made room. slot_wait is how long the concurrency bound held back a request;
// read_delay is how long a piece of an answer lay in the kernel, with its stamp, before it was read; blur is by how much at
// most the client's delays can have moved an arrival: where several events lay together because nobody read, and the kernel did not
// keep their packets apart, it has the stamp of the last one alone, and the first can have come as early as the client last looked.
// server_… is what the server's own /metrics report about the same window (server_metrics.go). server_kv_cache is a share of each
// engine: mean over all engines of all replicas, and of the fullest; server_running and server_waiting are of all engines
// together. A counter that began anew while it was measured is absent, with the note ServerReset.
//
// A request fails, by kind, with http_<status> or http_<class>, timeout, connect, connection_lost, truncated_stream (no [DONE]),
// error_event, bad_event, bad_http, no_output, no_tokens, answer_too_large. It is never sent again,
// unless the server had closed a waiting connection and did not read it (package wire).
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
// # Overload
//
// An open loop that sends more than the server answers makes a queue that grows as long as the run lasts, and latencies that
// say how long it was. Such a run has the reason Overloaded (keepup.go, suite.Queue): both the number in flight (what the bound on
// concurrency held back included) and the time from when a request was due to its end rise from tenth to tenth of the run
// (series.Rise, at 1 %), the one by a hundredth or more of all requests and the other by a hundredth or more of the time in
// which they came: the server was asked for at least a hundredth more than it does. Of a staged run each stage is judged; of
// a ramp or a trace, whose load changes by itself, its last third, where a tenth or more counts. Fewer than 40 requests show nothing.
//
// An overloaded run is valid, but it has no latencies and no goodput, and neither has any stage from the first overloaded one
// on: no gate on them passes and nothing compares them. Throughput, errors and correctness are there: throughput is then what
// the server does at most. The samples keep every latency, and vLLM's file too, where overloaded says it.
//
// Where all requests were sent in less than three times what the first ones took, a queue shows only when it makes up half of that
// time; if it does not, the note Unsettled says how many requests to send. A closed loop, also one of all requests at once, is never
// overloaded: it sends as the server answers, and its concurrency is part of what is measured.
//
// # When a result is not valid
//
//   - NothingCompleted: no request succeeded, so the result has no latencies
//   - ErrorRate: more than 1 % of the requests failed
//   - AnswerTooLarge: an answer was larger than an honest one can be
//   - NoUsage: the tokens could not be counted
//   - NotExact: the run replays another one (assay rerun --exact), and its requests came out otherwise
//   - ClientLate: the client sent late, or could not tell arrivals apart (blur), p99, by more than a tenth of the mean TTFT
//     (at least 5 ms and at most 50 ms are tolerated), or read late by more than a tenth of the mean E2EL (at least 50 ms are
//     tolerated), or left a tenth of its slots in a closed loop empty; of fewer than 100 requests the mean counts
//   - ClientCrowded, ClientThrottled, ClientStolen, ClientSwapped, ClientStalled: the same, where package selfwatch saw why
//   - ClientBusy: it wanted more than nine tenths of the CPUs that its host and its control group leave it
//   - the work done is not the work asked: see below
//
// A run that is stopped leaves partial.json and its samples, of the requests that had ended. It is never valid. So does one whose
// client was killed: what had ended by the last full second is in .answers, of which Salvage makes the same.
//
// # Long runs
//
// A run is bounded by prompts, or by time (duration: no request begins later). Requests are made at most 64 MiB ahead of
// their being sent (ahead.go): for most runs that is all of them before the clock starts. What became of a request goes to a
// file without a name in the run's directory (spool.go). From there each is read once, in the order of the requests, summed up
// and written to the run's files (digest.go): while the run goes on, in half of the time that nobody uses of the CPUs (follow.go; not
// answers that are scored, nor those of several nodes), and what is left of it after the last answer. One takes some 2 us, and 0.1 us
// more for each token. The files of samples lie on the disk by then and only get their names (scratch.go, flow.go); what
// is known of the run as a whole then takes one reading of all rows for the intervals, and one each for the number in flight and the steady
// window: some 0.1 us a request. So a run ends as soon after its last answer, long or short, but for vLLM's file,
// whose lists have to be put behind each other, which takes as long again. In memory stays the place of what waits
// for its turn, 8 bytes a request; up to 24 in an open loop, or where many threads send. A closed
// loop of ten million requests keeps below 300 MB. On disk it takes some 300 bytes a request, besides 8 a token and the answers, until it ends.
// Percentiles of more than 32,768 values are right within a 4,096th of themselves (suite.Values). Samples of several nodes are put
// together before anything is computed.
//
// The note Coalesced says that chunks hold several tokens each; such a result is valid.
//
// client_error_bar_ms is the client's own error (selfcheck.go); a difference between two results that is smaller means
// nothing.
//
// # The work done, against the work asked
//
// What is wrong with more than 1 % of the answers is a fault, with fewer a note by the same word (work.go, worktokens.go). Of 16
// answers the prompt and the text are counted by the server's own /tokenize, where it has that; versions.lengths says so.
//
//	TooManyTokens  usage, or the chunks with text, exceed max_tokens
//	EOSNotIgnored  ignoreEOS was asked, and an answer is shorter than max_tokens
//	AnswersCut     finish_reason is length before max_tokens, or it is none of stop, length and tool calls
//	WrongUsage     more tokens than chunks and bytes of text, fewer than chunks with text, or half off the count of /tokenize
//	PromptCut      the server counts a tenth fewer tokens than the prompt was made of, or than /tokenize counts, or 16 bytes a token
//	WrongModel     the chunks name another model
//	NoUsage        there is no count of tokens
//	Buffered       the chunks of most answers came all at once, after 50 ms or more; not where the idle server is that fast
//
// And notes, with which a result stays valid:
//
//	PromptLength   all prompts together are 2 % off the length that was asked for
//	SameAnswers    different prompts have the same answers, more than half of them (not choice and grammar, which have few)
//	CachedPrompts  a repeated prompt, asked on the idle server after the run, is answered more than a tenth faster than new ones
//	EmptyFirst     the first chunks are empty, and earlier than the first text by a twentieth of the TTFT and a millisecond
//	WrongFinish    no finish_reason, or stop for most answers that have max_tokens
//	Coalesced      several tokens a chunk
//
// # Files
//
//	suite.go       the order of a run            measure.go     preparing and sending one node's share
//	leader.go      several nodes: the leader     worker.go      the other nodes, and the messages
//	dataset.go     the structured data sets      prompts.go     their words
//	freetext.go    the free data sets            evalset.go     xgrammar_bench
//	payload.go     the body of a request         prepare.go     which body a request has
//	frame.go       bodies that differ in their prompt alone
//	ahead.go       requests made ahead           book.go        what became of the requests
//	spool.go       where that lies on disk       entered.go     and in which form
//	digest.go      summing it up, one by one     follow.go      while the run goes on
//	table.go       what the whole run is judged by, a row a request
//	timeline.go    the rows in the order of time
//	endings.go     when requests ended, in order  crowd.go      how many were in flight
//	scratch.go     bytes that are written once and read afterwards
//	flow.go        files that go to the disk while they are written
//	partial.go     what a stopped run leaves     salvage.go     what a killed one leaves
//	thread_linux.go, thread_other.go  a thread's priority, and early writing
//	schedule.go    when requests go              load.go        the two loops over net/http
//	client.go      the client on net/http        stream.go      its answers
//	driver.go      which client sends            driver_linux.go, driver_other.go
//	probe.go       model, version, enforcement   calibrate.go   how long words are
//	score.go       answers against constraints   selfcheck.go   the client's own error
//	metrics.go     latencies and throughputs     steady.go      windows of a closed loop
//	goodput.go     bounds, stages                server_metrics.go  the servers' own metrics
//	server_report.go  what they say of the window, and the window
//	inputs.go      what decides the bytes that are sent, and sending them again
//	objective.go   the bounds of a search
//	samples.go     samples.jsonl.gz, and pack.go how it is packed
//	csv.go         samples.csv
//	keepup.go      overload               intervals.go   how sure latencies are
//	vllmresult.go  vLLM's result JSON            vllmlists.go   its lists
//	work.go        what was done, and asked      worktokens.go  the same, by the server's tokenizer
//	repeated.go    one prompt again              tokenize.go    the server's tokenizer
//	words.go       prompts of a length           headers.go     the manifest's headers
//	ends.go        servers that close their connections behind their answers
//	sharegpt.go    vLLM's choice of sharegpt     mersenne.go    Python's random numbers, for that
//	trace.go       timed traces
//
// # Dependencies
//
// golang.org/x/sys for timerfd, epoll and the kernel's stamps: the standard library's sleep is half a millisecond late,
// and the schedule with it. prometheus/common reads the server's /metrics. klauspost/compress packs the samples in half of the time
// of the standard library, which was half of what a request took between its answer and the end of the run.
package serving
