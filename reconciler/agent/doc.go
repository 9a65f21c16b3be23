// Package agent is the supervisor inside a job: a small reconciler of the same kind as the controller's.
//
// In its job directory it finds desired.json, the processes and runs that this allocation should have now. It converges
// to it and keeps state.json up to date. The controller replaces desired.json whenever it wants something else: a changed
// model, a benchmark run, nothing at all. The agent goes on without a controller: it restarts what crashes.
//
//	agent.go        the loop: read, converge, report, shut down
//	end.go          why the agent ends: the walltime, a signal, a stop, a killed parent, a second start
//	guard.go        the agent's child that learns of its end; orphans.go: what it does when the agent was killed
//	state.go        state.json, replaced when it changes; the beat file, written once a second
//	process.go      one server: what is wanted of it, and its next step
//	start.go        what has to be there before a server starts, and its start; it waits for a file system that is away
//	startup.go      what a start took: preparing, weights, compiling
//	work.go         how far a start is, as the server's log says
//	restart.go      how a server ended, and whether it is started again
//	command.go      its command line and its log
//	facts.go        what a server really runs: arguments, GPUs, image, weights, version
//	expand.go       $(PORT) and the like
//	environment.go  variables and secrets
//	hide.go         secrets, kept out of what is reported
//	conf.go         its data directory and files; a reload when they change
//	ports.go        free ports, kept for the life of the job
//	listener.go     who listens on a port: a key is sent to the job's own processes only
//	gpus.go         GPUs that services of one job share
//	version.go      a program that is too old
//	probing.go      probes, and what they say about Ready
//	live.go         a server that hangs after it was Ready; the agent's own pauses; what happened, for the controller
//	beside.go       what a server needs beside it, here and on other nodes
//	step.go         commands that srun runs as steps of the job: on other nodes, or in pyxis' containers
//	raycluster.go   a Ray cluster under a server
//	ranks.go        a server on several nodes without Ray
//	predecessors.go what earlier jobs of the seat left on the node
//	group.go        a process group: start, SIGTERM, SIGKILL, exit code
//	run.go          one benchmark run, executed once
//	relay.go        stable local ports to a collector whose address changes, for the programs of its own user
//	node.go         hardware counters, here and on the other nodes, for those who know the token
//	private.go      metrics of processes that only this node can fetch, and the token that all of them ask for
//	credentials.go  passwords and certificates that are made once, and the words for them
//
// A server on several nodes runs as ranks: the server here is the first, and every other node has one through srun, each
// watched by itself. Or it gets a Ray cluster first: the head here, then a worker on every other node. Nodes and GPUs are
// counted by asking `ray status` until all have joined; only then does the server start. Where the manifest does not say which,
// the version of the program on the node does. When any part of it dies, all of it is ended and started again, and the reason
// says which.
//
// A Ready server is asked every two seconds. One that gives three wrong answers in a row, or none for ten seconds, is not
// Ready any more; one that misses as many probes as Process.Live says is ended, with its whole group, and started again. What
// was asked while the agent itself was stopped or starved does not count. A probe that only connects to a port cannot see a
// hang: the kernel accepts for the server.
//
// While nothing changes the agent leaves the state directory's metadata alone: one stat of desired.json every 1.5 seconds,
// now and then one of the other nodes' reports, and a beat file that is open and overwritten in place.
//
// Secrets come from files that only their owner can read, reach a process by its environment, and are blanked out of the logs
// of all processes and runs, and of everything that state.json repeats of what servers and programs said.
//
// Commands are argument lists. A process gets a small, clean environment and a process group of its own; it is stopped by
// SIGTERM, and by SIGKILL after its grace. Logs are log/<name>.<job id>.log. A run is claimed by a file that can be
// created once, so that no crash makes it happen twice. Times in state.json are lengths, and the heartbeat is a counter:
// the clock of this node is not trusted.
//
// What it reads and writes are records of package durable, apart from the files of its programs. A desired.json that is
// damaged or newer than this agent is reported in state.json; the last good one holds.
//
// Dependency: golang.org/x/crypto/bcrypt, for the hash of a password that Prometheus' web.yml takes.
package agent
