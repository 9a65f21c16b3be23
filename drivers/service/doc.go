// Package service turns a declared service into what the agent can run: argument list, port, probes, metrics path.
//
// It is a pure mapping: service.go chooses, vllm.go has vLLM and its simulator, others.go Chroma, processes and servers
// that somebody else runs. Nothing here starts anything; the scheduler's share (nodes, partition, time) is not its
// business. Words like $(PORT) stay as they are: the agent replaces them on the node. A value of a manifest becomes one
// argument and nothing else; there is no shell. simulator/ is the stand-in that `vllm: {simulate: …}` runs.
package service
