// Package service turns a declared service into what the agent can run: argument list, port, probes, metrics path.
//
// It is a pure mapping, one file a kind: vllm.go, chroma.go, process.go, external.go. Nothing here starts anything; the
// scheduler's share (nodes, partition, time) is not its business. Words like $(PORT) stay as they are: the agent replaces
// them on the node. simulator/ is the stand-in that `vllm: {simulate: …}` runs.
package service
