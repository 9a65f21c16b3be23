package main

import (
	"fmt"
	"io"
	"os/exec"
	"slices"
	"syscall"

	"assay/drivers/slurm/cluster"
)

// table is every kind. A kind of a node gets a node from the schedule.
var table = slices.Concat(processKinds, daemonKinds, adminKinds, jobKinds, stateKinds, fileKinds)

var processKinds = []kind{
	{name: "controller-kill", says: "SIGKILL of the controller; started again", alone: "controller", min: 1, max: 6, do: controllerKill},
	{name: "controller-stop", says: "SIGSTOP of the controller, then SIGCONT", alone: "controller", min: 3, max: 25, do: controllerStop},
	{name: "controller-second", says: "a second controller is started beside the first", alone: "controller", min: 3, max: 8, do: controllerSecond},
	{name: "agent-kill", says: "SIGKILL of an agent", min: 1, max: 1, do: killOne("agent")},
	{name: "agent-stop", says: "SIGSTOP of an agent, then SIGCONT", min: 5, max: 45, do: stopOne("agent")},
	{name: "server-kill", says: "SIGKILL of a server", min: 1, max: 1, do: killOne("server")},
	{name: "server-stop", says: "SIGSTOP of a server, then SIGCONT: it hangs", min: 10, max: 50, do: stopOne("server")},
	{name: "suite-kill", says: "SIGKILL of a benchmark's client", min: 1, max: 1, do: killOne("suite")},
	{name: "suite-stop", says: "SIGSTOP of a benchmark's client, then SIGCONT", min: 2, max: 10, do: stopOne("suite")},
	{name: "stepd-kill", says: "SIGKILL of the slurmstepd of a job", min: 1, max: 1, do: stepd(syscall.SIGKILL)},
	{name: "stepd-stop", says: "SIGSTOP of the slurmstepd of a job, then SIGCONT", min: 3, max: 20, do: stepd(syscall.SIGSTOP)},
	{name: "sbatch-kill", says: "a job is cancelled, and every sbatch killed midway for a while", alone: "sbatch", min: 4, max: 10, do: sbatchKill},
}

var daemonKinds = []kind{
	{name: "slurmctld-kill", says: "SIGKILL of slurmctld; started again", alone: "slurmctld", min: 2, max: 12, do: slurmctldKill},
	{name: "slurmctld-stop", says: "SIGSTOP of slurmctld, then SIGCONT: clients run into timeouts", alone: "slurmctld", min: 4, max: 20, do: slurmctldStop},
	{name: "slurmctld-older", says: "slurmctld is killed and restarted with an older state: job ids are reused, by others' jobs", alone: "slurmctld", min: 3, max: 6, do: slurmctldOlder},
	{name: "slurmctld-clock", says: "slurmctld's clock is 40 hours ahead or behind for a while: walltimes end, credentials expire", alone: "slurmctld", min: 5, max: 15, needs: noCompiler, do: slurmctldClock},
	{name: "slurmd-kill", says: "SIGKILL of a node's slurmd; started again", alone: "node", min: 3, max: 45, do: slurmdKill},
	{name: "slurmd-stop", says: "SIGSTOP of a node's slurmd, then SIGCONT", alone: "node", min: 5, max: 45, do: slurmdStop},
	{name: "node-reboot", says: "everything on a node is killed at once; slurmd starts again with -b", alone: "node", min: 4, max: 15, do: nodeReboot},
	{name: "node-cut", says: "the address of a node is taken away: slurmctld does not reach it", alone: "node", min: 5, max: 45, do: nodeCut},
	{name: "munge-kill", says: "SIGKILL of munged; started again: no program of Slurm talks to another", alone: "munge", min: 3, max: 15, do: mungeKill},
	{name: "munge-stop", says: "SIGSTOP of munged, then SIGCONT", alone: "munge", min: 3, max: 12, do: mungeStop},
	{name: "slurmdbd-kill", says: "SIGKILL of slurmdbd; started again. slurmctld does not start without it, so the two do not overlap", alone: "slurmctld", min: 3, max: 25, needs: noAccounting, do: slurmdbdKill},
	{name: "slurmdbd-stop", says: "SIGSTOP of slurmdbd, then SIGCONT", alone: "slurmctld", min: 3, max: 25, needs: noAccounting, do: slurmdbdStop},
	{name: "prometheus-kill", says: "SIGKILL of Prometheus; started again", alone: "prometheus", min: 3, max: 20, needs: noPrometheus, do: prometheusKill},
	{name: "prometheus-stop", says: "SIGSTOP of Prometheus, then SIGCONT", alone: "prometheus", min: 3, max: 20, needs: noPrometheus, do: prometheusStop},
}

var adminKinds = []kind{
	{name: "node-drain", says: "a node is drained, then resumed", alone: "node", min: 5, max: 20, do: nodeState("drain")},
	{name: "node-down", says: "a node is set down, then resumed", alone: "node", min: 3, max: 15, do: nodeState("down")},
	{name: "partition-down", says: "the partitions are set down while a job is cancelled", alone: "partition", min: 5, max: 15, do: partitionDown},
}

var jobKinds = []kind{
	{name: "job-cancel", says: "scancel of a job by hand", min: 1, max: 1, do: jobCancel},
	{name: "job-sigkill", says: "scancel --signal=KILL of a job's steps and its batch script", min: 1, max: 1, do: jobSignal},
	{name: "job-requeue", says: "a job is requeued by an administrator", min: 1, max: 1, do: jobRequeue},
	{name: "job-requeuehold", says: "a job is requeued and held, then released", min: 5, max: 15, do: jobRequeueHold},
	{name: "job-hold", says: "a job is cancelled; its successor is held as soon as it is queued, then released", min: 8, max: 15, do: jobHold},
	{name: "job-suspend", says: "a job is suspended, then resumed", min: 3, max: 30, do: jobSuspend},
	{name: "job-shorten", says: "an administrator shortens the walltime of a job to what has passed", min: 1, max: 1, do: jobShorten},
}

var stateKinds = []kind{
	{name: "state-full", says: "the state file system is filled to the last byte", alone: "state", min: 3, max: 25, do: stateFull},
	{name: "state-readonly", says: "the state directory is read-only for what opens a file", alone: "state", min: 3, max: 25, do: stateReadOnly},
	{name: "state-frozen", says: "the state file system is frozen: who writes hangs", alone: "state", min: 3, max: 25, do: stateFrozen},
	{name: "state-slow", says: "the state file system takes writes for a tenth of the time only", alone: "state", min: 5, max: 20, do: stateSlow},
	{name: "state-gone", says: "the state directory is an empty folder: unmounted", alone: "state", min: 3, max: 20, do: stateGone},
	{name: "state-denied", says: "the state directory is an empty folder that denies writing: a dead automounter", alone: "state", min: 3, max: 20, do: stateDenied},
}

var fileKinds = []kind{
	{name: "file-truncated", says: "a record of the state directory is cut to half", min: 1, max: 1, do: damage(halved)},
	{name: "file-corrupt", says: "a record gets bytes that are no JSON", min: 1, max: 1, do: damage(garbled)},
	{name: "file-older", says: "a record gets what it held some seconds ago", min: 1, max: 1, do: damage(older)},
	{name: "file-removed", says: "a state.json, a status or an events file is removed", min: 1, max: 1, do: removed},
}

// chosen are the kinds that the flags ask for and this machine has, and why others are left out.
func chosen(o options) (kinds []kind, left []string) {
	for _, k := range table {
		switch {
		case len(o.kinds) > 0 && !slices.Contains(o.kinds, k.name) || slices.Contains(o.without, k.name):
		case k.needs != nil && k.needs() != "":
			left = append(left, k.name+": "+k.needs())
		default:
			kinds = append(kinds, k)
		}
	}
	return kinds, left
}

func list(out io.Writer) {
	for _, k := range table {
		lacks := ""
		if k.needs != nil && k.needs() != "" {
			lacks = " (not here: " + k.needs() + ")"
		}
		fmt.Fprintf(out, "%-18s %s%s\n", k.name, k.says, lacks)
	}
}

func noPrometheus() string {
	if _, err := exec.LookPath("prometheus"); err != nil {
		return "no prometheus on PATH; the controller runs its own"
	}
	return ""
}

func noAccounting() string {
	if !cluster.AccountingInstalled() {
		return "no accounting: slurmdbd or MariaDB is not installed"
	}
	return ""
}
