// Package service turns a declared service into what the agent can run: argument lists, files, ports, probes, metrics paths.
//
// It is a pure mapping; nothing here starts anything, and the scheduler's share (nodes, partition, time) is not its
// business. service.go chooses. A value of a manifest becomes one argument, variable or file and nothing else; there is
// no shell. Words like $(PORT) stay as they are: the agent replaces them on the node.
//
//	vllm.go     vLLM on one node, and its simulator
//	ray.go      vLLM on several nodes: a Ray cluster under it
//	chroma.go   Chroma
//	monitors.go Prometheus, Grafana and the OpenTelemetry Collector as one service of three processes, wired to each other;
//	            prometheus.go, grafana.go, collector.go have one each
//	others.go   processes, servers that somebody else runs, directories
//
// Telemetry. When an experiment has a collector, its other services find it under a stable address of their own node
// (a relay of the agent), so that they need not restart when it moves.
//
// Authentication. A secret called VLLM_API_KEY is vLLM's own variable for the key that it asks of clients; probes send it.
// Chroma before 1.0 asks for the token in a secret called CHROMA_TOKEN; Chroma 1.x has no authentication of its own, so
// the token has no effect there. Grafana's administrator gets a random password in a file. Prometheus, Chroma 1.x and the
// collector answer everybody who can reach the node's ports: on a cluster, its users.
//
// simulator/ is the stand-in that `vllm: {simulate: …}` runs. standin/ has stand-ins for Ray, vLLM and Grafana, for tests and
// demonstrations on machines that have none of them; they say what they are.
//
// Dependency: sigs.k8s.io/yaml writes the configuration files, so that no value needs quoting by hand.
package service
