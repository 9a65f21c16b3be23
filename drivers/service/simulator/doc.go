// Package simulator answers like a vLLM server without a GPU: the OpenAI API, vLLM's metrics, and a latency model.
//
// With it, manifests, benchmarks and dashboards can be tried anywhere. It cannot be mistaken for vLLM: every answer carries
// X-Assay-Simulated, its version ends in +assay.simulator, and its models are owned by assay-simulator.
//
//	server.go   routes, /health, /version, /v1/models
//	request.go  the fields of a request, and their checks
//	held.go     the constraint that a request asks for, in each of the ways to ask
//	text.go     the output: conforming to a constraint, or words
//	stream.go   one request: queue, prefill, tokens one by one
//	answer.go   the JSON of answers and events
//	tokenize.go /tokenize, and what a chat's template adds
//	latency.go  the latency model    prefix.go  the prefix cache    metrics.go  vLLM's metrics
//
// Latency: time to first token = ttft (normal, ttftStdDev) + prefillPerToken x prompt tokens; between tokens itl (normal,
// itlStdDev) x (1 + loadFactor x other running sequences). At most maxRunning sequences run, the rest wait in order.
//
// Constraints are enforced for real, by drivers/constraint: structured_outputs, the older guided_* fields, and
// response_format. What cannot be generated is refused with 400, as is n above 1; stop, logprobs and sampling parameters
// are accepted without effect. A token is four characters and one event of a stream, and a chat has 23 more; max_tokens cuts the text there
// with finish_reason "length". The same seeds and prompt give the same text.
//
// Dependency: github.com/prometheus/client_golang exposes the metrics.
package simulator
