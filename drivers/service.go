package drivers

import "assay/api/v1alpha1"

// Compiled is a declared service turned into what the agent can run. The scheduler's share (nodes, partition, time)
// is not in it.
type Compiled struct {
	Kind      string    // vllm | chroma | lustre | monitors | process | external
	Simulated bool      // a stand-in answers, not the real server
	Model     string    // the model that must be served; empty when there is none
	URL       string    // external only: where it is; then Processes[0] holds only Probes and Metrics
	Processes []Process // of one allocation, Data without the slot; the first is the service's endpoint
	// Telemetry are the ports that take OTLP, by the name of the relay under which other jobs reach each (otlp-grpc, otlp-http).
	Telemetry map[string]Telemetry
	Lustre    *v1alpha1.Lustre // lustre only; then there are no processes
}

// Telemetry names a port of a process.
type Telemetry struct{ Process, Port string }
