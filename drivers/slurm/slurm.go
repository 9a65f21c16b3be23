// Package slurm is the scheduler of a Slurm cluster, through its commands: sbatch, squeue, scancel, scontrol, and sacct
// where there is accounting. Its tests pass on Slurm 22.05, 24.11 and 26.05 (make test-sites).
//
//	slurm.go        the Scheduler, running a command, changing a job
//	cancel.go       cancelling, several jobs with one command
//	step.go         a command as a step of a job that runs
//	submit.go       submitting: the batch script and sbatch's arguments
//	estimate.go     when a job would start: sbatch --test-only
//	list.go         listing: squeue's output as jobs
//	ended.go        how a job ended: scontrol, then sacct
//	clustername.go  which cluster it is
//	reason.go       why a job is pending, in words of package drivers
//	nodes.go        node lists such as n[1-3]
//	facts.go        what a cluster says of itself, as a Site with notes (assay site import); references.go makes it whole,
//	                person.go says for whom
//	settings.go, partitions.go, nodesets.go, qos.go, associations.go, reservations.go, tres.go
//	                its parts, as scontrol and sacctmgr print them; records.go reads KEY=value words
//	errors.go       what a failure means: rejected, unavailable, uncertain
//
// It handles what Slurm does not:
//
//   - A listing that fails is an error, and so is one that comes with a message: for a user that it does not know squeue
//     prints a message, no jobs and exit code 0. Jobs are asked for by numeric uid.
//   - `squeue --json` of 22.05 answers an unreachable controller with no jobs and exit code 0. So the plain form is used,
//     with separators that no name can hold. One call lists everything.
//   - An sbatch that fails may have made a job (a timeout, a kill). That is ErrUncertain, and the caller has to list again.
//   - Its words for states and reasons become those of package drivers; a word that is not known is JobUnknown.
//   - The end of the walltime is announced by SIGUSR1, up to a minute early: the agent can tell it from a cancel, which is SIGTERM.
//   - Job ids are reused, so the nonce in a job's comment is compared before the job is cancelled or changed.
//   - The batch script is a constant, which sbatch reads from its standard input; `scontrol write batch_script` shows it. Everything
//     else, the modules included, is an argument; no value reaches a shell's parser.
//   - sacctmgr fills in what an association inherits, except for the Grp limits of the accounts above it: these are asked for too. A
//     limit counts only where AccountingStorageEnforce says so; what cannot be known becomes a note, never a zero.
//   - Commands run in a clean environment and with a time limit. A job gets PATH, HOME and a few more of the caller's
//     variables. The user's login profile is not run.
//
// cluster/ brings up a real Slurm on this machine, for tests and demonstrations; slurm-up/ does so from a shell.
package slurm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"assay/drivers"
	"assay/drivers/bounded"
)

const (
	// callTimeout bounds every command; Slurm's own MessageTimeout is 10 s by default.
	callTimeout = 30 * time.Second
	// maxOutput bounds what a command prints, in bytes: a listing of 100,000 jobs is smaller. More is an error: a part of a
	// listing is none.
	maxOutput = 64 << 20
)

// callerPath carries the submitter's PATH past the system's profile, in the batch script.
const callerPath = "ASSAY_PATH"

// exported are the variables of the caller that sbatch, and with it the job, gets. The other commands also get zone:
// they print times, which are read in this program's time zone.
var exported = []string{"PATH", "HOME", "USER", "LOGNAME", "LANG", "SLURM_CONF", "KRB5CCNAME"}

const zone = "TZ"

// Scheduler implements drivers.Scheduler, Reconfigurer, Accountant and Estimator.
type Scheduler struct {
	user   string   // as squeue takes it: the numeric uid, which no directory service has to know
	env    []string // of the commands
	jobEnv []string // of sbatch

	path    atomic.Value // of sbatch, once it was found
	cancels *cancels
}

// New returns the scheduler of the cluster that SLURM_CONF, or Slurm's own default, names, for the user who runs this.
func New() *Scheduler {
	s := &Scheduler{cancels: &cancels{}, user: uid(), jobEnv: []string{callerPath + "=" + os.Getenv("PATH")}}
	for _, name := range exported {
		if v, ok := os.LookupEnv(name); ok {
			s.jobEnv = append(s.jobEnv, name+"="+v)
		}
	}
	s.env = append(slices.Clone(s.jobEnv), "LC_ALL=C.UTF-8")
	if v, ok := os.LookupEnv(zone); ok {
		s.env = append(s.env, zone+"="+v)
	}
	return s
}

func uid() string { return strconv.Itoa(os.Getuid()) }

// answer is how a command ended.
type answer struct {
	out, text string // standard output; standard error on one line
	code      int
	err       error // it did not start, was killed, or did not end in time
}

func (s *Scheduler) call(ctx context.Context, name string, args ...string) answer {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = s.env
	cmd.WaitDelay = time.Second
	out, errs, err := bounded.Output(cmd, maxOutput)
	return answered(ctx, name, out, errs, err)
}

// sbatch runs sbatch in the environment of jobs, with a text as its standard input. It is run more often than anything else.
func (s *Scheduler) sbatch(ctx context.Context, input string, args ...string) answer {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	const name = "sbatch"
	path, known := s.path.Load().(string)
	if !known {
		path = name
	}
	cmd := exec.Command(path, args...)
	cmd.Args[0], cmd.Env = name, s.jobEnv
	out, errs, err := bounded.Little(ctx, cmd, input)
	if errors.Is(err, fs.ErrNotExist) && known {
		cmd = exec.Command(name, args...) // looked for anew: it is not there any more
		cmd.Env = s.jobEnv
		out, errs, err = bounded.Little(ctx, cmd, input)
	}
	if cmd.Err == nil {
		s.path.Store(cmd.Path)
	}
	return answered(ctx, name, out, errs, err)
}

func answered(ctx context.Context, name string, out []byte, errs string, err error) answer {
	a := answer{out: string(out), text: strings.Join(strings.Fields(strings.ToValidUTF8(errs, "?")), " ")}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Exited() {
		a.code, err = exit.ExitCode(), nil
	}
	if err != nil {
		a.err = fmt.Errorf("%s: %w %s", name, errors.Join(err, context.Cause(ctx)), a.text)
	}
	return a
}

// Reconfigure runs scontrol update. What Slurm refuses, such as a longer limit for a running job, is ErrRejected.
func (s *Scheduler) Reconfigure(ctx context.Context, id drivers.JobID, nonce string, c drivers.Change) error {
	held, err := s.holders(ctx, []string{string(id)})
	if err != nil {
		return fmt.Errorf("changing job %s: %w", id, err)
	}
	if nonce == "" || held[id] != nonce {
		return fmt.Errorf("changing job %s: it does not exist any more: %w", id, drivers.ErrRejected)
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
