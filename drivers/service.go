package drivers

import "assay/api/v1alpha1"

// Compiled is a declared service as processes that the agent can run. What the scheduler needs (nodes, partition, time) is
// not part of it.
type Compiled struct {
	Kind      string    // vllm | chroma | lustre | monitors | process | gateway | external
	Simulated bool      // the simulator answers, not the real server
	Model     string    // the model that must be served; empty for other services
	URL       string    // external only: where it is; then Processes[0] holds only Probes and Metrics
	Processes []Process // of one allocation, Data without the slot; the first is the service's endpoint
	// Telemetry are the ports that take OTLP, by the name of the relay under which other jobs reach each (otlp-grpc, otlp-http).
	Telemetry map[string]Telemetry
	// Certificate is the file of the certificate that these ports ask for, and show.
	Certificate string
	Exposed     Exposed
	Forwards    []string         // gateway only: the services that it passes requests to
	Lustre      *v1alpha1.Lustre // lustre only, which has no processes
}

// Exposed says what of a service others can use without its owner's leave; zero: nothing that assay knows of.
type Exposed struct {
	Reason  string // ExposedNoKey, ExposedOnNode, ExposedRanks or ReasonInsecureRay
	Message string
}

// Reasons of Exposed.
const (
	ExposedNoKey  = "NoKey"     // anybody who reaches the node's ports
	ExposedOnNode = "OnNode"    // other users of the same node
	ExposedRanks  = "OpenRanks" // anybody who reaches the ports over which its nodes talk to each other
)

// Telemetry names a port of a process.
type Telemetry struct{ Process, Port string }
