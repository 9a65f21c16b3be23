package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/reconciler/store"
)

func describeCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "describe experiment|service|benchmark|run NAME",
		Short: "Show everything known about an object, with its conditions and events",
		Args:  args(cobra.ExactArgs(2)),
		RunE: func(_ *cobra.Command, pos []string) error {
			st, _, err := a.current()
			if err != nil {
				return err
			}
			w, err := readWorld(st)
			if err != nil {
				return err
			}
			d := describer{a: a, w: w}
			if !d.describe(pos[0], pos[1]) {
				return fmt.Errorf("no %s %q; what there is: assay get services, assay get runs", pos[0], pos[1])
			}
			return d.events(pos[0], pos[1])
		},
	}
}

type describer struct {
	a *app
	w world
}

func (d describer) field(name, format string, v ...any) {
	fmt.Fprintf(d.a.out, "%-14s %s\n", name+":", fmt.Sprintf(format, v...))
}

// describe prints every object of that kind and name, and reports whether there was one.
func (d describer) describe(kind, name string) bool {
	found := false
	for _, s := range d.w.statuses {
		match := func(n string) bool { return name == n || name == s.Name+"/"+n }
		switch kind {
		case "experiment":
			if name == s.Name {
				d.experiment(s)
				found = true
			}
		case "service":
			for _, v := range s.Services {
				if match(v.Name) {
					d.service(s, v)
					found = true
				}
			}
		case "benchmark":
			for _, b := range s.Benchmarks {
				if match(b.Name) {
					d.benchmark(s, b)
					found = true
				}
			}
		case "run":
			for _, r := range s.Runs {
				if match(r.ID) {
					d.run(s, r)
					found = true
				}
			}
		}
	}
	return found
}

func (d describer) experiment(s v1alpha1.ExperimentStatus) {
	head := d.w.heads[s.Name]
	d.field("Experiment", "%s", s.Name)
	d.field("Site", "%s", s.Site)
	d.field("Revision", "%d (%s)", s.Generation, s.Revision)
	d.field("Origin", "%s", originLine(head))
	d.field("Observed", "%s ago", since(s.Observed))
	d.conditions(s.Conditions)
	for _, v := range s.Services {
		d.field("Service", "%s  %s  %s", v.Name, serviceState(v), serviceDetail(v))
	}
	for _, b := range s.Benchmarks {
		d.field("Benchmark", "%s  %d of %d runs done", b.Name, b.Done, b.Runs)
	}
}

func originLine(r store.Revision) string {
	o := r.Origin
	line := fmt.Sprintf("%s by %s@%s at %s", o.Source, o.User, o.Host, o.Time.Local().Format(time.DateTime))
	if o.Path != "" {
		line += " from " + o.Path
	}
	if o.Commit != "" {
		line += " commit " + o.Commit
	}
	return line
}

func (d describer) service(s v1alpha1.ExperimentStatus, v v1alpha1.ServiceStatus) {
	d.field("Service", "%s/%s", s.Name, v.Name)
	d.field("Kind", "%s", kindWord(v.Kind, v.Simulated))
	d.field("Replicas", "%d ready of %d", v.Ready, v.Replicas)
	d.conditions(v.Conditions)
	for _, seat := range v.Seats {
		d.field("Seat", "%s", seat.Seat)
		d.field("  Job", "%s %s %s", dash(seat.JobID), seat.JobState, seat.Reason)
		d.field("  Nodes", "%s", dash(strings.Join(seat.Nodes, ",")))
		d.field("  Process", "%s pid %d, %d restarts", dash(seat.Phase), seat.PID, seat.Restarts)
		if seat.Last != nil {
			d.field("  Last end", "%s, %s ago: %s", seat.Last.Reason, since(seat.Last.At), seat.Last.Message)
		}
		d.field("  Endpoint", "%s", dash(seat.Endpoint))
		d.field("  Metrics", "%s", dash(seat.Metrics))
		if seat.Ends != nil {
			d.field("  Time left", "%s", until(*seat.Ends))
		}
		d.field("  Directory", "%s", dash(seat.Dir))
	}
}

func (d describer) benchmark(s v1alpha1.ExperimentStatus, b v1alpha1.BenchmarkStatus) {
	d.field("Benchmark", "%s/%s", s.Name, b.Name)
	d.field("Target", "%s", b.Target)
	d.field("Runs", "%d done of %d", b.Done, b.Runs)
	d.conditions(b.Conditions)
	for _, r := range s.Runs {
		if r.Benchmark == b.Name {
			d.field("Run", "%s  %s %s", r.ID, r.Phase, r.Reason)
		}
	}
}

func (d describer) run(s v1alpha1.ExperimentStatus, r v1alpha1.RunStatus) {
	d.field("Run", "%s/%s", s.Name, r.ID)
	d.field("Benchmark", "%s, repeat %d", r.Benchmark, r.Repeat)
	if len(r.Point) > 0 {
		d.field("Point", "%s", pointName(r.Point))
	}
	d.field("Key", "%s", r.Key)
	d.field("Revision", "%s", r.Revision)
	if r.Commit != "" {
		d.field("Commit", "%s", r.Commit)
	}
	d.field("Phase", "%s %s %s", r.Phase, r.Reason, r.Progress)
	d.field("Job", "%s", dash(r.JobID))
	d.field("Time", "%s", runTime(r))
	if r.Simulated {
		d.field("Simulated", "yes: a stand-in answered, these are not figures of a real server")
	}
	d.conditions(r.Conditions)
	for _, name := range sortedKeys(r.Metrics) {
		fmt.Fprintf(d.a.out, "  %-32s %.6g\n", name, r.Metrics[name])
	}
	d.field("Directory", "%s", dash(r.Dir))
}

func (d describer) conditions(cs []v1alpha1.Condition) {
	fmt.Fprintln(d.a.out, "Conditions:")
	for _, c := range cs {
		fmt.Fprintf(d.a.out, "  %-14s %-8s %-22s %-6s %s\n", c.Type, c.Status, c.Reason, since(c.LastTransitionTime), c.Message)
	}
}

// events ends a description with what happened to the object.
func (d describer) events(kind, name string) error {
	events, err := d.w.st.Events("")
	if err != nil {
		return err
	}
	fmt.Fprintln(d.a.out, "Events:")
	for _, e := range events {
		full := e.Experiment + "/" + strings.TrimPrefix(e.Object, kind+"/")
		if kind == "experiment" && e.Experiment == name || strings.HasPrefix(e.Object, kind+"/") && (full == name || e.Object == kind+"/"+name) {
			fmt.Fprintf(d.a.out, "  %s\n", strings.Join(eventRow(object{Status: e}), "  "))
		}
	}
	return nil
}

func eventsCmd(a *app) *cobra.Command {
	var format, experiment string
	c := &cobra.Command{
		Use: "events", Short: "List what happened and why, oldest first", Args: args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			st, _, err := a.current()
			if err != nil {
				return err
			}
			return getter{a: a, st: st, kind: "events", experiment: experiment, format: format}.print()
		},
	}
	c.Flags().StringVarP(&format, "output", "o", "", "json or yaml")
	c.Flags().StringVarP(&experiment, "experiment", "e", "", "only of this experiment")
	return c
}
