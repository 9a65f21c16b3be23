// Package slurm is the scheduler of a Slurm cluster, through its commands: sbatch, squeue, scancel, scontrol, and sacct
// where there is accounting.
//
// What it takes care of, because Slurm does not:
//
//   - A listing that fails is an error. `squeue --json` answers an unreachable controller with no jobs and exit code 0, so
//     the plain form is used, with separators that no name can hold. One call lists everything.
//   - An sbatch that fails may have made a job (a timeout, a kill): that is ErrUncertain, and the caller has to look.
//     errors.go tells it apart from a rejection.
//   - Slurm's words for states and reasons become those of package drivers; a word that is not known is JobUnknown.
//   - The end of the walltime is announced by SIGUSR1, up to a minute early: the agent can tell it from a cancel, which is SIGTERM.
//   - Job ids are reused, so before a job is cancelled or changed the nonce in its comment is compared.
//   - The batch script is a constant. Everything else, the modules included, is an argument; no value ever reaches a shell's parser.
//   - Commands run in a clean environment and with a time limit. Of the caller's environment a job gets PATH, HOME and the like, nothing more.
//
// cluster/ brings up a real Slurm on this machine, for tests and demonstrations.
package slurm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
)

// callTimeout bounds every command; Slurm's own MessageTimeout is 10 s by default.
const callTimeout = 30 * time.Second

// script is the whole batch script: how many modules, the modules, the command. Only /etc/profile defines module, and it
// sets PATH anew, so what the submitter finds on PATH is added behind it. The user's own profile is not read: what it
// starts may take a minute, or wait for a terminal.
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

// passed are the variables that Slurm's commands, and of these the exported ones that jobs, get from the caller.
var (
	passed   = []string{"PATH", "HOME", "USER", "LOGNAME", "LANG", "SLURM_CONF", "KRB5CCNAME", "TZ"} // TZ: printed times are read in this program's zone
	exported = []string{"PATH", "HOME", "USER", "LOGNAME", "LANG", "SLURM_CONF"}
)

// callerPath carries the submitter's PATH past the system's profile, in the batch script.
const callerPath = "ASSAY_PATH"

// Scheduler implements drivers.Scheduler, Reconfigurer and Accountant.
type Scheduler struct {
	user string
	env  []string
}

// New returns the scheduler of the cluster that SLURM_CONF, or Slurm's own default, names, for the user who runs this.
func New() (*Scheduler, error) {
	u, err := user.Current()
	if err != nil {
		return nil, fmt.Errorf("finding who you are, to list your jobs: %w", err)
	}
	s := &Scheduler{user: u.Username, env: []string{"LC_ALL=C.UTF-8", callerPath + "=" + os.Getenv("PATH")}}
	for _, name := range passed {
		if v, ok := os.LookupEnv(name); ok {
			s.env = append(s.env, name+"="+v)
		}
	}
	return s, nil
}

// answer is how a command ended.
type answer struct {
	out, text string // standard output; standard error on one line
	code      int
	err       error // it did not run, or did not end in time
}

func (s *Scheduler) call(ctx context.Context, name string, args ...string) answer {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = s.env
	cmd.WaitDelay = time.Second
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	a := answer{out: out.String(), text: strings.Join(strings.Fields(strings.ToValidUTF8(errs.String(), "?")), " ")}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Exited() {
		a.code, err = exit.ExitCode(), nil
	}
	if err != nil {
		a.err = fmt.Errorf("%s: %w %s", name, errors.Join(err, context.Cause(ctx)), a.text)
	}
	return a
}

// Submit runs sbatch.
func (s *Scheduler) Submit(ctx context.Context, spec drivers.JobSpec) (drivers.JobID, error) {
	argv, err := s.sbatch(spec)
	if err != nil {
		return "", fmt.Errorf("submitting %s: %w: %w", spec.Name, err, drivers.ErrRejected)
	}
	a := s.call(ctx, "sbatch", argv...)
	id, _, _ := strings.Cut(strings.TrimSpace(a.out), ";")
	if _, err := strconv.ParseUint(id, 10, 64); a.err == nil && a.code == 0 && err == nil {
		return drivers.JobID(id), nil
	}
	return "", fmt.Errorf("submitting %s: %w", spec.Name, submitError(a))
}

// sbatch builds the argument list. The script goes into the job directory, where a person can read it later.
func (s *Scheduler) sbatch(spec drivers.JobSpec) ([]string, error) {
	path := scriptPath(spec)
	if err := os.MkdirAll(filepath.Join(spec.Dir, drivers.LogDir), 0o700); err != nil {
		return nil, fmt.Errorf("making the log folder: %w", err)
	}
	text := func(f io.Writer) error { _, err := io.WriteString(f, script); return err }
	if err := (durable.Writer{NoSync: true}).Stream(path, 0o700, text); err != nil { // sbatch takes a copy
		return nil, fmt.Errorf("writing the batch script: %w", err)
	}
	argv, _, err := Command(spec)
	if err != nil {
		return nil, err
	}
	return argv[1:], nil
}

func scriptPath(spec drivers.JobSpec) string { return filepath.Join(spec.Dir, "job.sh") }

// Command is the command that submits a job, sbatch included, and the batch script that it names. No value of a manifest
// is in the script: its arguments are the modules and the agent's command.
func Command(spec drivers.JobSpec) (argv []string, text string, err error) {
	argv = []string{"sbatch", "--parsable", "--no-requeue", "--dependency=singleton", "--open-mode=append", "--signal=" + warning(spec.Time), "--ntasks-per-node=1",
		"--job-name=" + spec.Name, "--comment=" + spec.Tag.String(), "--chdir=" + spec.Dir,
		"--output=" + filepath.Join(escape(spec.Dir), drivers.LogDir, "job.%j.log"), "--nodes=" + strconv.Itoa(max(spec.Nodes, 1))}
	export := []string{callerPath}
	for _, name := range exported {
		if _, ok := os.LookupEnv(name); ok {
			export = append(export, name)
		}
	}
	argv = append(argv, "--export="+strings.Join(export, ","))
	option := func(name, value string, set bool) {
		if set {
			argv = append(argv, "--"+name+"="+value)
		}
	}
	option("partition", spec.Partition, spec.Partition != "")
	option("qos", spec.QOS, spec.QOS != "")
	option("account", spec.Account, spec.Account != "")
	option("reservation", spec.Reservation, spec.Reservation != "")
	option("gres", "gpu:"+strconv.Itoa(spec.GPUsPerNode), spec.GPUsPerNode > 0)
	option("cpus-per-task", strconv.Itoa(spec.CPUsPerNode), spec.CPUsPerNode > 0)
	option("mem", strconv.FormatInt((spec.MemoryPerNode+1<<20-1)>>20, 10)+"M", spec.MemoryPerNode > 0)
	option("time", minutes(spec.Time), spec.Time > 0)
	argv = append(argv, spec.Directives...)
	argv = append(argv, scriptPath(spec), strconv.Itoa(len(spec.Modules)))
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

// holder returns the nonce in a job's comment; ErrNotFound when there is no such job.
func (s *Scheduler) holder(ctx context.Context, id drivers.JobID) (string, error) {
	a := s.call(ctx, "squeue", "-h", "-t", "all", "-j", string(id), "-o", "%k")
	switch {
	case a.err == nil && a.code != 0 && strings.Contains(a.text, "Invalid job id"):
		return "", drivers.ErrNotFound
	case a.err != nil || a.code != 0:
		return "", fmt.Errorf("looking at job %s: %w: %w", id, a.failure(), drivers.ErrUnavailable)
	}
	tag, _ := drivers.ParseTag(strings.TrimSpace(a.out))
	if strings.TrimSpace(a.out) == "" {
		return "", drivers.ErrNotFound
	}
	return tag.Nonce, nil
}

// Cancel runs scancel if the job still is the one that is meant.
func (s *Scheduler) Cancel(ctx context.Context, id drivers.JobID, nonce string) error {
	held, err := s.holder(ctx, id)
	if errors.Is(err, drivers.ErrNotFound) || err == nil && (held == "" || held != nonce) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cancelling job %s: %w", id, err)
	}
	if a := s.call(ctx, "scancel", string(id)); a.err != nil || a.code != 0 {
		return fmt.Errorf("cancelling job %s: %w: %w", id, a.failure(), drivers.ErrUnavailable)
	}
	return nil
}

// Reconfigure runs scontrol update. What Slurm refuses, such as a longer limit for a running job, is ErrRejected.
func (s *Scheduler) Reconfigure(ctx context.Context, id drivers.JobID, nonce string, c drivers.Change) error {
	held, err := s.holder(ctx, id)
	if errors.Is(err, drivers.ErrNotFound) || err == nil && (held == "" || held != nonce) {
		return fmt.Errorf("changing job %s: it is not there any more: %w", id, drivers.ErrRejected)
	}
	if err != nil {
		return fmt.Errorf("changing job %s: %w", id, err)
	}
	if err := s.unchanged(ctx, id, c); err != nil {
		return err
	}
	argv := []string{"update", "JobId=" + string(id)}
	if c.Time != nil {
		limit := "UNLIMITED"
		if *c.Time > 0 {
			limit = minutes(*c.Time)
		}
		argv = append(argv, "TimeLimit="+limit)
	}
	a := s.call(ctx, "scontrol", argv...)
	switch {
	case a.err == nil && a.code == 0:
		return nil
	case a.err != nil || unreachable(a.text):
		return fmt.Errorf("changing job %s: %w: %w", id, a.failure(), drivers.ErrUnavailable)
	}
	return fmt.Errorf("changing job %s: %w: %w", id, a.failure(), drivers.ErrRejected)
}

// unchanged makes sure that a job still has the limit that a change was decided on: an administrator can have extended it
// since it was listed.
func (s *Scheduler) unchanged(ctx context.Context, id drivers.JobID, c drivers.Change) error {
	if c.Time == nil || c.Was == 0 {
		return nil
	}
	a := s.call(ctx, "squeue", "-h", "-t", "all", "-j", string(id), "-o", "%l")
	if a.err != nil || a.code != 0 {
		return fmt.Errorf("changing job %s: %w: %w", id, a.failure(), drivers.ErrUnavailable)
	}
	if now := strings.TrimSpace(a.out); limitOf(now) != c.Was {
		return fmt.Errorf("changing job %s: its limit is %s by now, not %s: %w", id, now, c.Was, drivers.ErrUnavailable)
	}
	return nil
}
