package view

import (
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/plan"
	"assay/reconciler/view/text"
)

// BatchCommand is how a scheduler would submit a job: its command line, and the script that it reads.
type BatchCommand func(drivers.JobSpec) (argv []string, script string, err error)

// Manifest prints what an experiment stands for: every job that it would submit, with its batch options and the commands
// that run in it, and what needs no job. It asks neither a scheduler nor a state directory. Of a site without a batch
// scheduler batch is nil.
func Manifest(w io.Writer, site v1alpha1.Site, e v1alpha1.Experiment, all []plan.Placement, batch BatchCommand) error {
	fmt.Fprintf(w, "experiment %s at site %s (%s)\n", e.Metadata.Name, site.Metadata.Name, site.Spec.Scheduler)
	for _, p := range all {
		if p.Seat.Experiment != e.Metadata.Name {
			continue
		}
		if err := placement(w, site, p, batch); err != nil {
			return err
		}
	}
	withoutJob(w, e)
	return nil
}

func placement(w io.Writer, site v1alpha1.Site, p plan.Placement, batch BatchCommand) error {
	j := p.Job
	fmt.Fprintf(w, "\njob %s: %s\n  placement  %s\n", j.Name, strings.Join(p.Members, ", "), where(site, j))
	if batch != nil {
		j.Dir = filepath.Join(site.Spec.Paths.State, "jobs", "SEAT", "NONCE")
		j.Argv = []string{filepath.Join(site.Spec.Paths.State, "bin", "assay"), "agent", j.Dir}
		argv, script, err := batch(j)
		if err != nil {
			return err
		}
		command(w, "submit", argv)
		for line := range strings.Lines(script) {
			fmt.Fprintf(w, "  script     %s", line)
		}
	}
	for _, proc := range p.Processes {
		process(w, proc)
	}
	return nil
}

// where says what a job asks of the scheduler.
func where(site v1alpha1.Site, j drivers.JobSpec) string {
	out := fmt.Sprintf("%d node(s)", j.Nodes)
	if j.Partition != "" {
		out += " of partition " + j.Partition
	}
	for _, w := range []struct {
		set  bool
		text string
	}{
		{j.QOS != "", "qos " + j.QOS},
		{j.Reservation != "", "reservation " + j.Reservation},
		{j.GPUsPerNode > 0, fmt.Sprintf("%d GPUs a node", j.GPUsPerNode)},
		{j.CPUsPerNode > 0, fmt.Sprintf("%d CPUs a node", j.CPUsPerNode)},
		{j.MemoryPerNode > 0, v1alpha1.Quantity(j.MemoryPerNode).String() + " a node"},
		{site.Spec.WholeNodes, "whole nodes"},
		{j.Time > 0, "for " + text.Duration(j.Time)},
	} {
		if w.set {
			out += ", " + w.text
		}
	}
	return out
}

// process prints what runs, as the agent will expand it on the node.
func process(w io.Writer, p drivers.Process) {
	fmt.Fprintf(w, "  process %s\n", p.Name)
	for _, need := range p.Needs {
		fmt.Fprintf(w, "    needs    %s\n", need)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Env)) {
		fmt.Fprintf(w, "    env      %s=%s\n", name, p.Env[name])
	}
	for _, name := range slices.Sorted(maps.Keys(p.Secrets)) {
		fmt.Fprintf(w, "    secret   %s, from a file that only you can read\n", name)
	}
	for _, f := range p.Files {
		fmt.Fprintf(w, "    file     %s (%d bytes)\n", f.Path, len(f.Content))
	}
	if p.Data != "" {
		fmt.Fprintf(w, "    data     %s\n", p.Data)
	}
	if len(p.Step) > 0 {
		command(w, "  as a step of its job, by srun", p.Step)
	}
	if c := p.Cluster; c != nil {
		command(w, "  ray head", c.Head)
		command(w, "  ray workers, by srun on the other nodes", c.Worker)
		fmt.Fprintf(w, "    counted  %d nodes and %d GPUs, before it serves\n", c.Nodes, c.GPUs)
	}
	if r := p.Ranks; r != nil {
		for i, argv := range r.Others {
			command(w, fmt.Sprintf("  rank %d, by srun on its node", i+1), argv)
		}
		if r.Versions != nil {
			fmt.Fprintf(w, "    Ray      only with a version before %s\n", r.Versions.Least)
		}
		command(w, "  run as rank 0", slices.Concat(p.Argv, r.Args))
	} else {
		command(w, "  run", p.Argv)
	}
	for _, q := range p.Probes {
		fmt.Fprintf(w, "    ready    %s\n", probeLine(q))
	}
}

func probeLine(q drivers.Probe) string {
	out := "accepts connections"
	if q.Path != "" {
		out = "GET " + q.Path
	}
	if q.Model != "" {
		out += ", lists " + strings.Join(append([]string{q.Model}, q.Adapters...), ", ")
	}
	return strings.TrimSpace(out + " " + q.Port)
}

func command(w io.Writer, name string, argv []string) {
	fmt.Fprintf(w, "  %s\n      %s\n", name, text.Command(argv))
}

// withoutJob prints what needs no job of its own.
func withoutJob(w io.Writer, e v1alpha1.Experiment) {
	for _, s := range e.Spec.Services {
		switch {
		case s.External != nil:
			fmt.Fprintf(w, "\nno job for %s: it already runs at %s\n", s.Name, s.External.URL)
		case s.Lustre != nil:
			fmt.Fprintf(w, "\nno job for %s: the directory %s, %d stripe(s) of %s (0: the file system's default)\n", s.Name, s.Lustre.Path, s.Lustre.StripeCount, s.Lustre.StripeSize)
		}
	}
	for _, b := range e.Spec.Benchmarks {
		if b.Search != nil {
			fmt.Fprintf(w, "\nbenchmark %s: a search of at most %d runs against %s, at most %s each\n", b.Name, v1alpha1.MostSearchRuns, b.Target, b.Timeout)
			continue
		}
		fmt.Fprintf(w, "\nbenchmark %s: %d run(s) against %s, at most %s each\n", b.Name, b.Repeats.Total()*len(b.Targets()), strings.Join(b.Targets(), " and "), b.Timeout)
	}
}
