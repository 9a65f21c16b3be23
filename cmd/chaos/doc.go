// Command chaos breaks a real Slurm cluster under assay, by a seeded schedule, and checks what assay made of it.
//
//	go run ./cmd/chaos -seed 7 -faults 500
//	go run ./cmd/chaos -seed 7 -faults 40 -kinds agent-kill,node-cut     these kinds alone
//	go run ./cmd/chaos -list                                             the kinds, and which this machine lacks
//
// It needs root and Slurm, and nothing that it does leaves it: it runs in a process, a mount and a network namespace of its
// own, in which every process is one of its cluster. When it ends, also by a signal, all of them end with it.
//
//	main.go         the flags
//	namespace.go    the namespaces, and process 1 in them, which cleans up
//	world.go        the world: a cluster, a state directory on a file system of its own, Prometheus
//	statefs.go      that file system: full, read-only, frozen, gone
//	controller.go   the assay controller, which is started again when a fault has killed it
//	manifest.go     what is declared; a part of it changes with every batch
//	foreign.go      jobs of others in the same cluster
//	processes.go    what runs: the agents, their servers and suites, and of which attempt each is
//	kinds.go        the table of kinds; fault.go what one fault is
//	kinds_processes.go, kinds_daemons.go, kinds_jobs.go, kinds_state.go, kinds_files.go    what they do
//	clock.go        stepping the clock of slurmctld
//	schedule.go     seed -> faults, each with its moment, length and target
//	run.go          batches: faults that overlap, then a quiet phase in which all has to come back
//	assay.go        what assay says: its listings
//	slurmlog.go     what Slurm says: its job completion log and its queue
//	watch.go        what is observed all the time: servers, listings, the queue
//	doubles.go      two jobs of one seat, two servers of one data folder
//	check.go        what must hold; violation.go how a violation is told
//	report.go       faults and times to recover, by kind
//
// The schedule depends on the seed and the flags alone. What a fault hits is chosen among what is there at that moment, so a
// replay does the same things at the same moments, to a world that may have gone another way.
//
// Slurm's job completion log and its queue, the process table and answers on the servers' ports are the truth; assay's own
// files are what is checked against it. CLOCK_REALTIME has no namespace: stepping it would step it for the whole machine, so
// the clock of slurmctld is stepped by a library, and assay's, which loads none, is not.
package main
