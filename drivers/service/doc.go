// Package service turns a declared service into what the agent can run: argument lists, files, ports, probes, metrics paths.
//
// It is a pure mapping that starts nothing; what the scheduler needs (nodes, partition, time) is not part of it. service.go
// chooses by the type of the service. A value of a manifest becomes one argument, variable or file; there is no shell.
// Words like $(PORT) stay as they are: the agent replaces them on the node.
//
//	vllm.go     vLLM, and its simulator
//	ranks.go    vLLM on several nodes: a rank on each
//	ray.go      vLLM on several nodes: a Ray cluster under it
//	models.go   SGLang and llama.cpp
//	offline.go  servers that read the weights which were fetched before
//	chroma.go   Chroma
//	key.go      which services ask for a key, where it is, and what others can do to those that do not
//	parents.go  `assay parent` in front of what needs a door or a private folder
//	monitors.go Prometheus, Grafana and the OpenTelemetry Collector as one service of three processes, wired to each other;
//	            prometheus.go, grafana.go, collector.go have one each
//	gateway.go  the reverse proxy (package gateway)
//	others.go   processes, and servers that assay does not run
//
// Telemetry. When an experiment has a collector, its other services reach it at a stable address of their own node (a
// relay of the agent), so that they do not restart when it moves.
//
// Authentication. vLLM and Chroma ask for a key: that of a secret called VLLM_API_KEY or CHROMA_TOKEN, else one that assay makes
// once for the service, in the state directory's secrets. It reaches a process by its environment, and probes, the loop and
// benchmarks read it from its file. vLLM asks below /v1 only and Chroma 1.x nowhere, so both listen on 127.0.0.1, behind a door
// of package parent; the agent fetches vLLM's metrics with the key for scrapes. `auth: none` leaves all of that out. Ray asks for a token of its own
// from version 2.52 on, and an older one is refused without vllm.insecure; its folder is private. Grafana's administrator gets
// a random password in a file. Each monitors service has a password for its Prometheus, which
// Grafana and the collector know, and a certificate that its collector and the relays of the experiment's agents show each
// other; the agents that need them make them. The collector's own metrics are on loopback. What asks for a password is
// scraped by the agent of its node.
//
// Package parent is `assay parent`. Package simulator is the server that `vllm: {simulate: …}` runs. Command standin stands in for Ray, vLLM, Grafana and the
// collector, for tests and demonstrations on machines without them.
//
// Dependency: sigs.k8s.io/yaml writes the configuration files, so that no value needs quoting by hand.
package service
