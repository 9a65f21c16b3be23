package drivers

// Compiled is a declared service turned into what the agent can run. The scheduler's share (nodes, partition, time)
// is not in it.
type Compiled struct {
	Kind      string  // vllm | chroma | process | external
	Simulated bool    // a stand-in answers, not the real server
	Model     string  // the model that must be served; empty when there is none
	URL       string  // external only: where it is; then Process holds only Probes and Metrics
	Process   Process // Name, Argv, Env, Port, Data (without the slot), Probes, Metrics, Grace
}
