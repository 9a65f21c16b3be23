// Package agent is the supervisor inside a job: a small reconciler of the same kind as the controller's.
//
// In its job directory it finds desired.json, the processes and runs that this allocation should have now. It converges
// to it and keeps state.json up to date. The controller replaces desired.json whenever it wants something else: a changed
// model, a benchmark run, nothing at all. Nobody has to be there for the agent to go on: it restarts what crashes.
//
//	agent.go    the loop: read, converge, report       process.go  one server: start, probe, restart, stop
//	probing.go  is it ready                            conf.go     its folders and files, and having them read again
//	words.go    $(PORT) and the like                   environment.go  variables and secrets
//	version.go  what a program's version understands   gpus.go     GPUs that services of one job share
//	raycluster.go a Ray cluster under a server           relay.go    stable local ports to a collector that may move
//	run.go      one benchmark run, executed once       node.go     hardware counters, here and on the other nodes
//	state.go    state.json, written whole
//
// A server on several nodes gets a Ray cluster first: the head here, then a worker on every other node through srun. Nodes
// and GPUs are counted by asking `ray status` until all have joined; only then does the server start. When any part of it
// dies, all of it is ended and started again, and the reason says which.
//
// Secrets come from files that only their owner can read, reach a process by its environment, and are blanked out of its log.
//
// Commands are argument lists. A process gets a small, clean environment and a process group of its own; it is stopped by
// SIGTERM, and by SIGKILL after its grace. Logs are log/<name>.<job id>.log. A run is claimed by a file that can be
// created once, so that no crash makes it happen twice. Times in state.json are lengths, and the heartbeat is a counter:
// nobody has to trust this node's clock.
package agent
