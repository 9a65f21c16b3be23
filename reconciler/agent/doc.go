// Package agent is the supervisor inside a job: a small reconciler of the same kind as the controller's.
//
// In its job directory it finds desired.json, the processes and runs that this allocation should have now. It converges
// to it and keeps state.json up to date. The controller replaces desired.json whenever it wants something else: a changed
// model, a benchmark run, nothing at all. Nobody has to be there for the agent to go on: it restarts what crashes.
//
//	agent.go    the loop: read, converge, report       process.go  one server: start, probe, restart, stop
//	run.go      one benchmark run, executed once       node.go     hardware counters, here and on the other nodes
//	expand.go   $(PORT) and the like; environment      state.go    files, written whole
//
// Commands are argument lists. A process gets a small, clean environment and a process group of its own; it is stopped by
// SIGTERM, and by SIGKILL after its grace. Logs are log/<name>.<job id>.log. A run is claimed by a file that can be
// created once, so that no crash makes it happen twice. Times in state.json are lengths, and the heartbeat is a counter:
// nobody has to trust this node's clock.
package agent
