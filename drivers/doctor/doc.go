// Package doctor checks a site: whether what assay needs works there, and what to do where it does not.
//
// It has two halves. Gathering asks and tries, each question with a deadline of its own, and writes down what was found, good or bad:
//
//	facts.go     what can be found
//	gather.go    Gather: everything at once, within Within
//	run.go       one program, bounded
//	commands.go  Slurm's commands, its controller, its accounting, munge; Prometheus; ssh
//	look.go      a folder: what renames, links and fsyncs do there, space, quota
//	host.go      this host, or a node: limits, cgroups, policies, container runtime, GPUs
//	job.go       a tiny job, submitted as every job of assay is, waited for, ended and removed
//	node.go      what that job runs: the host's facts, the folders as the node sees them, the clocks
//	meet.go      two nodes of it: one listens, the other connects
//
// Verdicts are pure functions of the facts, one rule a file, in the order of the table in check.go: programs.go, controller.go,
// accounting.go, auth.go, folder.go, seen.go, clock.go, ports.go, runtime.go, gpu.go, metrics.go, lingering.go, limits.go, login.go.
//
// It leaves nothing behind: the job is ended, its folder removed, and a state directory that was made for it, too.
package doctor
