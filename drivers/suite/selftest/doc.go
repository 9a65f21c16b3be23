//go:build linux

// Command selftest measures the load generator itself: how far its times are from the truth, and what it costs. `make bench`
// runs it.
//
// main.go starts this program again as several processes, each on a core of its own (but a client of two threads, or of a long
// run): the truth server (package truth), which streams made-up tokens at planned times and records when each request arrived and when its first
// byte was written; and the client under test (client.go). That is assay's serving suite (engine "assay"), or the same
// load sent the obvious way with net/http, encoding/json and time.Sleep (engine "plain", plain.go), or another program
// (external.go): vLLM's own `vllm bench serve` (vllm.go) when -vllm names an environment that has it, and what -peers names a
// folder of: GuideLLM (guidellm.go) and hey (hey.go). What is not there is named with its reason. Each scenario of scenarios.go is run several
// times, the engines in turn (compare.go, process.go), because the speed of a machine changes from minute to minute. The
// table (table.go) has the median of each figure (measured.go), with its target and its ratio to the other clients.
//
// With -gateway ASSAY it also measures what the gateway of that assay adds (gateway.go): one load straight at the server, through
// a relay that copies bytes alone (relay.go), which is the floor on these cores, and through the gateway, in turn. -only "200
// streams" leaves out all else.
//
// The error of the TTFT is the client's TTFT less the server's; it includes the way over the loopback.
package main
