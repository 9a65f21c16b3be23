package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/slurm"
	"assay/reconciler/inside"
	"assay/reconciler/view"
	"assay/reconciler/view/text"
)

// execOptions are the arguments and flags of `assay exec`.
type execOptions struct {
	service    string // NAME, EXPERIMENT/NAME
	component  string
	experiment string
	replica    int
	argv       []string
	fingers    bool // -i and -t, which kubectl wants
}

func execCmd(_ *app, run func(context.Context, execOptions) error) *cobra.Command {
	var o execOptions
	c := &cobra.Command{
		Use:   "exec SERVICE[.COMPONENT] -- COMMAND [ARGUMENT...]",
		Short: "Run a command on the node of a server, in its environment",
		Long: `exec runs a command where a server of ours runs: on its node, in a step of its job (Slurm), with its environment and folder,
and inside its container where the runtime allows that. Its exit code is exec's. On a terminal it gets one:

  assay exec llm -- nvidia-smi
  assay exec llm -- bash

SERVICE is NAME, EXPERIMENT/NAME or service/NAME; SERVICE.COMPONENT is one server of several. The command ends with the job.`,
		Args: args(cobra.MinimumNArgs(1)),
	}
	c.RunE = verb(&o, run, func(pos []string) error {
		at := c.ArgsLenAtDash()
		if at < 0 {
			return errors.New("which command? Type: assay exec SERVICE -- COMMAND")
		}
		if at > 0 && bare(strings.Join(pos[:at], "/"), "services") != strings.Join(pos[:at], "/") && at == 2 { // svc NAME
			pos, at = slices.Concat([]string{pos[0] + "/" + pos[1]}, pos[2:]), 1
		}
		if at != 1 || len(pos) == 1 {
			return errors.New("type: assay exec SERVICE -- COMMAND [ARGUMENT...]")
		}
		o.service, o.argv = bare(pos[0], "services"), pos[1:]
		o.service, o.component, _ = strings.Cut(o.service, ".")
		return nil
	})
	f := c.Flags()
	f.StringVarP(&o.experiment, "experiment", "e", "", "of this experiment")
	f.IntVar(&o.replica, "replica", 0, "of which replica, from 0")
	f.BoolVarP(&o.fingers, "stdin", "i", false, "accepted for kubectl's -it: standard input and a terminal are passed on by themselves")
	f.BoolVarP(&o.fingers, "tty", "t", false, "see --stdin")
	return c
}

func (a *app) runExec(ctx context.Context, o execOptions) error {
	st, site, err := a.current()
	if err != nil {
		return err
	}
	s, err := a.snapshot(ctx, st, site)
	if err != nil {
		return err
	}
	item, err := s.One("services", view.Filter{Experiment: o.experiment, Name: o.service})
	if err != nil {
		return err
	}
	t, err := inside.Choose(item.Metadata.Experiment, item.Status.(v1alpha1.ServiceStatus), o.component, o.replica, st.State, st.JobDir)
	if err != nil {
		return err
	}
	jobs, err := a.liveJobs(ctx, st, site)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(jobs, func(j drivers.Job) bool { return j.Tag.Nonce == t.Nonce && string(j.ID) == t.JobID }) {
		return fmt.Errorf("job %s is not ours any more; look: assay get jobs", t.JobID)
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding assay's own binary: %w", err)
	}
	terminal := text.IsTerminal(a.in) && text.IsTerminal(a.out) && a.far == nil
	if site.Spec.Scheduler == v1alpha1.Slurm {
		if self, err = st.InstallBinary(self); err != nil {
			return err
		}
	}
	argv := append([]string{self, "inside", "--pid", strconv.Itoa(t.PID), "--terminal=" + strconv.FormatBool(terminal), t.Dir, "--"}, o.argv...)
	if site.Spec.Scheduler == v1alpha1.Slurm {
		argv = slurm.Step(drivers.JobID(t.JobID), t.Node, terminal, argv)
	}
	code, err := inside.Run(ctx, argv, a.in, text.Raw(a.out), text.Raw(a.err), terminal)
	if err == nil && code != 0 {
		return exitError{code: code}
	}
	return err
}

// insideOptions are the arguments and flags of `assay inside`, which exec runs on the server's node.
type insideOptions struct {
	pid      int
	terminal bool
	job      string // its folder
	argv     []string
}

func insideCmd(_ *app, run func(context.Context, insideOptions) error) *cobra.Command {
	var o insideOptions
	c := &cobra.Command{
		Use: "inside JOBDIR -- COMMAND", Short: "Run a command in the environment of a process of a job", Hidden: true, Args: args(cobra.MinimumNArgs(2)),
		RunE: verb(&o, run, func(pos []string) error { o.job, o.argv = pos[0], pos[1:]; return nil }),
	}
	c.Flags().IntVar(&o.pid, "pid", 0, "of the process")
	c.Flags().BoolVar(&o.terminal, "terminal", false, "somebody types")
	return c
}

// runInside becomes the command.
func (a *app) runInside(_ context.Context, o insideOptions) error {
	p, err := inside.Find(o.pid, o.job)
	if err != nil {
		return err
	}
	path, argv, env, dir, err := p.Command(o.argv, o.terminal)
	if err != nil {
		return err
	}
	if err := os.Chdir(dir); err != nil {
		return err
	}
	return fmt.Errorf("starting %s: %w", path, syscall.Exec(path, argv, env))
}
