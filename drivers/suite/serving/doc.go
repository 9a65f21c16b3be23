// Package serving measures an OpenAI-compatible server under structured-output requests, in vLLM's terms.
//
// A run goes like this (suite.go): see that the model is served on every replica and find out what the server is;
// prove that it enforces constraints (probe.go); open the connections; send the warm-ups; send the prompts as a closed
// or an open loop (load.go, schedule.go); then, with the clock stopped, score every answer (score.go) and sum up
// (metrics.go). It leaves three files: result.json by way of package suite, vLLM's own result JSON (vllmresult.go) and
// samples.jsonl.gz, one line for each request.
//
// # Definitions
//
// They are vLLM's. start is just before the request is sent, after the concurrency bound. TTFT is from start to the
// first event with a non-empty choices array, E2EL to the last; ITL is the gap between two such events, pooled over all
// requests, and so is per chunk and not per token (tokens_per_chunk tells them apart). TPOT is (E2EL - TTFT) / (output
// tokens - 1) of requests with more than one token. Tokens are what the server's usage says. duration_s is from the
// first dispatch to the last completion, ramp and drain included, and the throughputs divide what succeeded by it.
//
// send_lateness is the client's own delay, from when a request could go to when it went; slot_wait is how long the
// concurrency bound held back a request that the schedule wanted. Both are outside all latencies. The schedule is
// fixed before the first request and never moved.
//
// A request fails, by kind, with http_<status>, timeout, connect, connection_lost, truncated_stream (no [DONE]),
// error_event, bad_event, no_output. It is never sent again.
//
// correct_rate_percent is the share of completed requests whose whole answer satisfies its constraint (JSON Schema,
// full-match regular expression, membership in the grammar, one of the choices), truncated_rate_percent the share
// that the token limit cut while it was still right, violated_rate_percent the rest. Requests that were sent free
// (structuredRatio below 1) are scored against the same constraint under unconstrained_….
//
// # When a result is not valid
//
//   - NothingCompleted; then there are no latencies at all
//   - ErrorRate: more than 1 % of the requests failed
//   - NoUsage, NoTokens: the tokens could not be counted, or there were none
//   - ClientLate: in an open loop the p99 of send_lateness is above a tenth of the mean TTFT (but 5 ms are always
//     granted) or above 50 ms: the load was not the one that was asked for
//
// # Dependencies
//
// golang.org/x/sys for timerfd: the standard library's sleep is half a millisecond late, and the schedule with it.
package serving
