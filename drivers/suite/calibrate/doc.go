// Package calibrate measures any client of an OpenAI-compatible server: it runs the client's command against a server with
// exact records (package selftest/truth), and then assay's own client with a load like it, and says how far the figures of
// each are from the truth.
//
//	calibrate.go    Run: both clients, one after the other, and the report
//	figures.go      what the server saw, what a client says, and the difference
//	claims.go       a client's own figures: vLLM's result JSON
//	process.go    a command and the CPU time of its process group
//
// What the server saw is known of every client: how many requests came, at what rate, and the CPU that the client's processes
// used from the first arrival to the last answer. What the client says is read from what it writes, in the form of `vllm
// bench serve --save-result`; of others it is not read. Requests before the measured ones, such as a test of the server, are
// told apart by their number: the last ones count.
//
// Distributions are compared, not requests: a median and a percentile of what the client says with the same of what the
// server recorded. So an error that changes its sign from request to request is seen in neither. Lateness is how long after
// the moment that the client calls the start of a request that request arrived: both are on CLOCK_MONOTONIC, which Python's
// perf_counter is on Linux. The way over the loopback is in every figure.
package calibrate
