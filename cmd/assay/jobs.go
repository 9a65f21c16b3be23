package main

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/slurm"
	"assay/drivers/source"
	"assay/reconciler"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// jobs prints every job that a manifest stands for: its batch options, and the commands that run in it. It asks neither
// the scheduler nor the state directory, so it works anywhere.
func (a *app) jobs(in source.Input) error {
	m, site, err := a.load(in)
	if err != nil {
		return err
	}
	if site.Spec.Paths.State, err = a.statePath(site); err != nil {
		return err
	}
	site = completePaths(site)
	var revs []store.Revision
	for _, e := range m.Experiments {
		for _, s := range e.Spec.Services {
			for name, ref := range s.Secrets {
				ref.Digest = "DIGEST" // the value is of no interest here
				s.Secrets[name] = ref
			}
		}
		revs = append(revs, store.Revision{Experiment: e.Metadata.Name, Hash: v1alpha1.Hash(e.Experiment), Site: site, Spec: e.Experiment})
	}
	all, err := reconciler.Placements(revs, compileService)
	if err != nil {
		return err
	}
	for _, e := range m.Experiments {
		fmt.Fprintf(a.out, "experiment %s at site %s (%s)\n", e.Metadata.Name, site.Metadata.Name, site.Spec.Scheduler)
		for _, p := range all {
			if p.Seat.Experiment == e.Metadata.Name {
				if err := a.placement(site, p); err != nil {
					return err
				}
			}
		}
		a.jobless(e.Experiment)
	}
	return nil
}

func (a *app) placement(site v1alpha1.Site, p plan.Placement) error {
	j := p.Job
	fmt.Fprintf(a.out, "\njob %s: %s\n", j.Name, strings.Join(p.Members, ", "))
	where := fmt.Sprintf("%d node(s)", j.Nodes)
	if j.Partition != "" {
		where += " of partition " + j.Partition
	}
	for _, w := range []struct {
		set  bool
		text string
	}{{j.QOS != "", "qos " + j.QOS}, {j.Reservation != "", "reservation " + j.Reservation}, {j.GPUsPerNode > 0, fmt.Sprintf("%d GPUs a node", j.GPUsPerNode)},
		{j.CPUsPerNode > 0, fmt.Sprintf("%d CPUs a node", j.CPUsPerNode)}, {j.MemoryPerNode > 0, v1alpha1.Quantity(j.MemoryPerNode).String() + " a node"},
		{site.Spec.WholeNodes, "whole nodes"}, {j.Time > 0, "for " + short(j.Time)}} {
		if w.set {
			where += ", " + w.text
		}
	}
	fmt.Fprintf(a.out, "  placement  %s\n", where)
	if site.Spec.Scheduler == v1alpha1.Slurm {
		j.Dir = filepath.Join(site.Spec.Paths.State, "jobs", "SEAT", "NONCE")
		j.Argv = []string{filepath.Join(site.Spec.Paths.State, "bin", "assay"), "agent", j.Dir}
		argv, script, err := slurm.Command(j)
		if err != nil {
			return err
		}
		a.words("submit", argv)
		for line := range strings.Lines(script) {
			fmt.Fprintf(a.out, "  script     %s", line)
		}
	}
	for _, proc := range p.Processes {
		a.process(proc)
	}
	return nil
}

// process prints what runs, as the agent will expand it on the node.
func (a *app) process(p drivers.Process) {
	fmt.Fprintf(a.out, "  process %s\n", p.Name)
	for _, need := range p.Needs {
		fmt.Fprintf(a.out, "    needs    %s\n", need)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Env)) {
		fmt.Fprintf(a.out, "    env      %s=%s\n", name, p.Env[name])
	}
	for _, name := range slices.Sorted(maps.Keys(p.Secrets)) {
		fmt.Fprintf(a.out, "    secret   %s, from a file that only you can read\n", name)
	}
	for _, f := range p.Files {
		fmt.Fprintf(a.out, "    file     %s (%d bytes)\n", f.Path, len(f.Content))
	}
	if p.Data != "" {
		fmt.Fprintf(a.out, "    data     %s\n", p.Data)
	}
	if c := p.Cluster; c != nil {
		a.words("  ray head", c.Head)
		a.words("  ray workers, by srun on the other nodes", c.Worker)
		fmt.Fprintf(a.out, "    counted  %d nodes and %d GPUs, before it serves\n", c.Nodes, c.GPUs)
	}
	a.words("  run", p.Argv)
	for _, q := range p.Probes {
		what := "accepts connections"
		if q.Path != "" {
			what = "GET " + q.Path
		}
		if q.Model != "" {
			what += ", lists " + q.Model
		}
		fmt.Fprintf(a.out, "    ready    %s\n", strings.TrimSpace(what+" "+cmp.Or(q.Port, "")))
	}
}

// words prints a command one option a line, each word quoted where a shell would need it.
func (a *app) words(name string, argv []string) {
	var lines []string
	for _, w := range argv {
		if q := quoted(w); len(lines) > 0 && !strings.HasPrefix(w, "-") && len(lines[len(lines)-1])+len(q) < 100 {
			lines[len(lines)-1] += " " + q
		} else {
			lines = append(lines, q)
		}
	}
	fmt.Fprintf(a.out, "  %s\n      %s\n", name, strings.Join(lines, " \\\n        "))
}

func quoted(w string) string {
	if w != "" && !strings.ContainsAny(w, " \t\n\"'`$\\;&|<>(){}[]*?!#~") {
		return w
	}
	return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
}

// jobless prints what needs no job of its own.
func (a *app) jobless(e v1alpha1.Experiment) {
	for _, s := range e.Spec.Services {
		switch {
		case s.External != nil:
			fmt.Fprintf(a.out, "\nno job for %s: somebody else runs it at %s\n", s.Name, s.External.URL)
		case s.Lustre != nil:
			fmt.Fprintf(a.out, "\nno job for %s: the directory %s, %d stripe(s) of %s (0: the file system's default)\n", s.Name, s.Lustre.Path, s.Lustre.StripeCount, s.Lustre.StripeSize)
		}
	}
	for _, b := range e.Spec.Benchmarks {
		fmt.Fprintf(a.out, "\nbenchmark %s: %d run(s) against %s, at most %s each\n", b.Name, *b.Repeats, b.Target, b.Timeout)
	}
}
