//go:build linux

// Loadbench measures the load generator itself: how far its moments are from the truth, and what it costs. `make bench`
// runs it.
//
// It starts itself again in parts, each on a core of its own: the truth server (truth.go), which streams made-up tokens at
// planned moments and writes down when each request really arrived and when its first byte was really written; and
// the client under test, which is assay's serving suite (engine "assay"), the same load sent the obvious way with
// net/http, encoding/json and time.Sleep (engine "plain", plain.go), and vLLM's own `vllm bench serve` where an
// environment with it is given (-vllm). Scenarios are those of scenarios.go; each is run several times, the engines in
// turn, and medians are printed with their ratios, since what such machines can do changes from minute to minute.
//
// Error of the TTFT is what the client reports less what the server knows; it includes the way over the loopback.
package main
