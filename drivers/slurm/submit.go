package slurm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// script is the whole batch script: how many modules, the modules, the command. Only /etc/profile defines module, and it
// sets PATH anew, so the submitter's PATH is appended. The user's own profile is not run: it can take a minute, or wait
// for a terminal.
const script = `#!/bin/bash
n=$1
shift
if [ "$n" -gt 0 ]; then
    . /etc/profile
    PATH=$PATH:$ASSAY_PATH
    export PATH
fi
unset ASSAY_PATH
while [ "$n" -gt 0 ]; do
    module load "$1" || exit 1
    shift
    n=$((n - 1))
done
exec "$@"
`

// Submit runs sbatch. Nodes are excluded only where that leaves enough of them, and where Slurm knows them.
func (s *Scheduler) Submit(ctx context.Context, spec drivers.JobSpec) (drivers.JobID, error) {
	argv, text, err := Command(spec)
	if err == nil && len(spec.Exclude) > 0 {
		// A refused submission would leave a failed job with our mark.
		if a := s.sbatch(ctx, text, slices.Insert(slices.Clone(argv[1:]), 0, "--test-only")...); a.err != nil || a.code != 0 {
			spec.Exclude = nil
			argv, text, err = Command(spec)
		}
	}
	if err != nil {
		return "", fmt.Errorf("submitting %s: %w: %w", spec.Name, err, drivers.ErrRejected)
	}
	a := s.sbatch(ctx, text, argv[1:]...)
	id, _, _ := strings.Cut(strings.TrimSpace(a.out), ";")
	if _, err := strconv.ParseUint(id, 10, 64); a.err == nil && a.code == 0 && err == nil {
		return drivers.JobID(id), nil
	}
	return "", fmt.Errorf("submitting %s: %w", spec.Name, submitError(a))
}

// Stdin is what Command names as the batch script: Slurm keeps a copy, so no file has to be made for each job.
const Stdin = "/dev/stdin"

// Command is the command that submits a job, sbatch included, and the batch script that it reads from its standard input. No
// value of a manifest is in the script: its arguments are the modules and the agent's command.
//
// --export=ALL means the variables of sbatch, which runs in a clean environment. With a list of names instead, Slurm runs
// the user's login profile before the job, and srun passes only the listed variables to other nodes.
func Command(spec drivers.JobSpec) (argv []string, text string, err error) {
	argv = []string{"sbatch", "--parsable", "--no-requeue", "--dependency=singleton", "--open-mode=append", "--signal=" + warning(spec.Time), "--ntasks-per-node=1", "--export=ALL",
		"--job-name=" + spec.Name, "--comment=" + spec.Tag.String(), "--chdir=" + spec.Dir,
		"--output=" + filepath.Join(escape(spec.Dir), drivers.JobLog("%j")), "--nodes=" + strconv.Itoa(max(spec.Nodes, 1))}
	option := func(name, value string, set bool) {
		if set {
			argv = append(argv, "--"+name+"="+value)
		}
	}
	option("partition", spec.Partition, spec.Partition != "")
	option("qos", spec.QOS, spec.QOS != "")
	option("account", spec.Account, spec.Account != "")
	option("reservation", spec.Reservation, spec.Reservation != "")
	option("gres", cmp.Or(spec.GRES, "gpu")+":"+strconv.Itoa(spec.GPUsPerNode), spec.GPUsPerNode > 0)
	option("cpus-per-task", strconv.Itoa(spec.CPUsPerNode), spec.CPUsPerNode > 0)
	option("mem", strconv.FormatInt((spec.MemoryPerNode+1<<20-1)>>20, 10)+"M", spec.MemoryPerNode > 0)
	option("exclude", strings.Join(spec.Exclude, ","), len(spec.Exclude) > 0)
	option("time", minutes(spec.Time), spec.Time > 0)
	argv = append(argv, spec.Directives...)
	argv = append(argv, Stdin, strconv.Itoa(len(spec.Modules)))
	argv = append(argv, spec.Modules...)
	argv = append(argv, spec.Argv...)
	if slices.ContainsFunc(argv, func(w string) bool { return strings.ContainsRune(w, 0) }) {
		return nil, "", errors.New("a value holds a NUL character")
	}
	return argv, script, nil
}

// escape keeps sbatch from reading a directory's name as a filename pattern.
func escape(dir string) string { return strings.ReplaceAll(dir, "%", "%%") }

// warning asks for the signal that announces the end of the walltime, to the agent only.
func warning(walltime time.Duration) string {
	ahead := v1alpha1.EndWarning(v1alpha1.Duration(walltime)).Std()
	return "B:USR1@" + strconv.Itoa(max(1, int(ahead.Seconds())))
}

// minutes is a time limit in Slurm's unit, rounded up.
func minutes(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Minute-1)/time.Minute), 10)
}
