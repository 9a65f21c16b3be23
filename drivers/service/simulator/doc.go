// Package simulator answers like a vLLM server without a GPU: the OpenAI API, vLLM's metrics, and a latency model.
//
// It exists so that manifests, benchmarks and dashboards can be tried anywhere. It never passes for the real thing: every
// answer carries X-Assay-Simulated, its version ends in +assay.simulator, and its models are owned by assay-simulator.
//
//	server.go   routes, /health, /version, /v1/models
//	request.go  what a request may hold, and what is wrong with it
//	stream.go   one request: queue, prefill, tokens one by one
//	text.go     what it says: conforming output for a constraint, words otherwise
//	latency.go  the latency model    metrics.go  vLLM's metrics
//
// Latency: time to first token = ttft (normal, ttftStdDev) + prefillPerToken x prompt tokens; between tokens itl (normal,
// itlStdDev) x (1 + loadFactor x other running sequences). At most maxRunning sequences run, the rest wait in order.
//
// Constraints are enforced for real, by drivers/constraint: structured_outputs, the older guided_* fields, and
// response_format. A token is four characters; max_tokens cuts the text there with finish_reason "length".
//
// Dependency: github.com/prometheus/client_golang exposes the metrics.
package simulator
