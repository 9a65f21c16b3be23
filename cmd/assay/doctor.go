package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/doctor"
	"assay/drivers/site"
	"assay/drivers/slurm"
	"assay/reconciler/plan"
	"assay/reconciler/plan/admit"
	"assay/reconciler/view/text"
)

// doctorOptions are the flags of `assay doctor`.
type doctorOptions struct {
	files     []string
	format    string // json; empty: a table
	partition string
	wait      time.Duration
}

func doctorCmd(_ *app, run func(context.Context, doctorOptions) error) *cobra.Command {
	var o doctorOptions
	c := &cobra.Command{
		Use:   "doctor [--site NAME | -f SITE.yaml]",
		Short: "Check whether what assay needs works at a site, and say what to do",
		Long: `doctor checks a site from here and, on a cluster, from one or two nodes of a job that takes seconds: Slurm, its accounting,
the folders of the site, clocks, ports between nodes, container runtime, GPUs, Prometheus, limits. It takes two minutes at most
and leaves nothing behind: the job is ended, and what was written is removed.

Exit code 0: nothing fails (there can be warnings); 1: something does.`,
		Args: args(cobra.NoArgs),
		RunE: verb(&o, run, func([]string) error {
			if o.wait < time.Second || o.wait > time.Minute {
				return errors.New("--wait is between 1s and 1m")
			}
			return oneOf(o.format, "", "json")
		}),
	}
	f := c.Flags()
	f.StringSliceVarP(&o.files, "filename", "f", nil, "file with the Site, which need not be known yet")
	f.StringVarP(&o.format, "output", "o", "", "json")
	f.StringVar(&o.partition, "partition", "", "partition of the job (default: the site's)")
	f.DurationVar(&o.wait, "wait", time.Minute, "how long the job may wait in the queue, at most 1m")
	return c
}

func (a *app) runDoctor(ctx context.Context, o doctorOptions) error {
	s, err := a.doctorSite(ctx, o.files)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding assay's own binary: %w", err)
	}
	spec, nodes := doctorJob(s, o.partition)
	a.note("Checking site %s; this takes two minutes at most.", s.Metadata.Name)
	facts := doctor.Gather(ctx, doctor.Options{Site: s, Scheduler: slurm.New(), Binary: self, Spec: spec, Nodes: nodes, Wait: o.wait, Temp: cmp.Or(os.Getenv("TMPDIR"), "/var/tmp")})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	checks := doctor.Examine(facts)
	if o.format == "json" {
		err = a.print("json", checks)
	} else {
		rows := make([][]string, 0, len(checks))
		for _, c := range checks {
			rows = append(rows, []string{c.Check, c.Status, c.Found, text.Dash(c.Remedy)})
		}
		a.table([]string{"CHECK", "STATUS", "FOUND", "REMEDY"}, rows)
	}
	if err == nil && doctor.Worst(checks) == doctor.Fail {
		return exitError{1, nil}
	}
	return err
}

// doctorSite is the site to check, with its paths filled in: that of a file, or one that is known.
func (a *app) doctorSite(ctx context.Context, files []string) (v1alpha1.Site, error) {
	if len(files) == 0 {
		s, err := a.site()
		if err != nil {
			return s, err
		}
		return a.complete(s)
	}
	in, err := a.read(ctx, files)
	if err != nil {
		return v1alpha1.Site{}, err
	}
	m, s, err := a.load(in)
	if err != nil {
		return s, err
	}
	if len(m.Sites) == 1 && a.siteName == "" {
		s = m.Sites[0]
	}
	return a.complete(s)
}

// doctorJob is what the tiny job asks for: one GPU where the partition has some, and two nodes where they are admitted.
func doctorJob(s v1alpha1.Site, partition string) (spec drivers.JobSpec, nodes int) {
	r := v1alpha1.Resources{Partition: cmp.Or(partition, s.Spec.Defaults.Partition), Time: v1alpha1.Duration(doctor.Walltime)}
	if s.Spec.Partitions[r.Partition].GPUsPerNode > 0 {
		r.GPUsPerNode = new(1)
	}
	nodes = 2
	limits := admit.Limits{Site: s, User: site.Place(s).User, At: time.Now()}
	spec = plan.ServiceJob(s, v1alpha1.Service{Resources: r, Nodes: &nodes})
	for _, f := range limits.Job(spec) {
		if f.Field == admit.Nodes {
			nodes = 1
		}
	}
	return spec, nodes
}

func doctorNodeCmd(_ *app, run func(context.Context, folderOptions) error) *cobra.Command {
	return folderCmd("doctor-node FOLDER", "Say what a node has and sees", run)
}

func (a *app) runDoctorNode(ctx context.Context, o folderOptions) error {
	return doctor.OnNode(ctx, o.dir)
}
