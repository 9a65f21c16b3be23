package view

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/view/text"
)

// Describe prints everything known of each experiment, service, benchmark or run of that name, and its events. It reports
// whether there was one.
func (s Snapshot) Describe(w io.Writer, kind, name string) (bool, error) {
	d := describer{w: w, s: s, shown: map[string]bool{}}
	all, err := s.find(kind, name)
	if err != nil {
		return false, err
	}
	if len(all) == 0 && !s.deleted && slices.Contains(KeptKinds, kind+"s") {
		old, err := Deleted(s.store)
		if err != nil {
			return false, err
		}
		return old.Describe(w, kind, name)
	}
	for _, f := range all {
		switch v := f.object.(type) {
		case v1alpha1.ExperimentStatus:
			d.experiment(v)
		case v1alpha1.ServiceStatus:
			d.service(f.experiment, v)
		case v1alpha1.BenchmarkStatus:
			e, err := withRecent(s.store, f.experiment)
			if err != nil {
				return false, err
			}
			d.benchmark(e, v)
		case v1alpha1.RunStatus:
			d.run(f.experiment, v)
		}
	}
	if len(all) == 0 {
		return false, nil
	}
	return true, d.events()
}

type describer struct {
	w     io.Writer
	s     Snapshot
	shown map[string]bool // whose events are shown: EXPERIMENT for all of it, EXPERIMENT/KIND/NAME
}

func (d describer) field(name, format string, v ...any) {
	fmt.Fprintf(d.w, "%-14s %s\n", name+":", fmt.Sprintf(format, v...))
}

func (d describer) experiment(e v1alpha1.ExperimentStatus) {
	d.shown[e.Name] = true
	d.field("Experiment", "%s", e.Name)
	d.field("Site", "%s", e.Site)
	d.field("Revision", "%d (%s)", e.Generation, e.Revision)
	d.field("Origin", "%s", OriginLine(d.s.Heads[e.Name].Origin))
	d.field("Observed", "%s ago", text.Age(e.Observed))
	d.spending(e)
	if line := scheduleLine(e.Schedule); line != "" {
		d.field("Schedule", "%s", line)
	}
	d.conditions(e.Conditions)
	for _, v := range e.Services {
		d.field("Service", "%s  %s  %s", v.Name, ServiceState(v), ServiceDetail(v))
	}
	for _, b := range e.Benchmarks {
		d.field("Benchmark", "%s  %d of %d runs done", b.Name, b.Done, b.Runs)
		for _, s := range b.Searches {
			d.field("  Search", "%s", SearchLine(s))
		}
	}
}

// OriginLine says who brought a revision, when, and from where.
func OriginLine(o drivers.Origin) string {
	line := fmt.Sprintf("%s by %s@%s at %s", o.Source, o.User, o.Host, o.Time.Local().Format(time.DateTime))
	if o.Path != "" {
		line += " from " + o.Path
	}
	if o.Commit != "" {
		line += " commit " + o.Commit
		if o.Author != "" {
			line += " by " + o.Author
		}
		if o.Subject != "" {
			line += ": " + o.Subject
		}
	}
	return line
}

func (d describer) service(e v1alpha1.ExperimentStatus, v v1alpha1.ServiceStatus) {
	d.shown[e.Name+"/service/"+v.Name] = true
	d.field("Service", "%s/%s", e.Name, v.Name)
	d.field("Kind", "%s", KindOf(v))
	d.field("Replicas", "%d ready of %d", v.Ready, v.Replicas)
	if v.Kind == "gateway" {
		d.field("Address file", "%s", d.s.store.AddressFile(e.Name, v.Name))
	}
	d.scale(v)
	d.conditions(v.Conditions)
	for _, seat := range v.Seats {
		d.field("Seat", "%s", seat.Seat)
		d.field("  Job", "%s %s %s", text.Dash(seat.JobID), seat.JobState, seat.Reason)
		d.field("  Nodes", "%s", text.Dash(strings.Join(seat.Nodes, ",")))
		d.field("  Process", "%s pid %d, %d restarts", text.Dash(seat.Phase), seat.PID, seat.Restarts)
		if s := seat.Startup; s != nil {
			d.field("  Start-up", "%s", StartupLine(*s))
		}
		if seat.Last != nil {
			d.field("  Last end", "%s, %s ago: %s", seat.Last.Reason, text.Age(seat.Last.At), seat.Last.Message)
		}
		d.field("  Endpoint", "%s", text.Dash(seat.Endpoint))
		d.field("  Metrics", "%s", text.Dash(seat.Metrics))
		if seat.Ends != nil {
			d.field("  Time left", "%s", text.Left(*seat.Ends))
		}
		if r := seat.Renewal; r != nil {
			d.field("  Renewal", "%s", RenewalLine(*r))
		}
		if n := seat.Next; n != nil {
			d.field("  Next job", "%s %s %s", text.Dash(n.JobID), n.Reason, n.Message)
		}
		if seat.Draining != "" {
			d.field("  Took over", "from job %s, which finishes what it was asked", seat.Draining)
		}
		if seat.Ending != "" {
			d.field("  Not ended", "%s", seat.Ending)
		}
		d.field("  Directory", "%s", text.Dash(seat.Dir))
	}
}

func (d describer) benchmark(e v1alpha1.ExperimentStatus, b v1alpha1.BenchmarkStatus) {
	d.shown[e.Name+"/benchmark/"+b.Name] = true
	d.field("Benchmark", "%s/%s", e.Name, b.Name)
	d.deleted(e.Name)
	d.field("Target", "%s", b.Target)
	d.field("Runs", "%d done of %d", b.Done, b.Runs)
	d.conditions(b.Conditions)
	d.searches(b)
	for _, r := range e.Runs {
		if r.Benchmark == b.Name {
			d.shown[e.Name+"/run/"+r.ID] = true
			d.field("Run", "%s  %s %s", r.ID, r.Phase, r.Reason)
		}
	}
}

func (d describer) run(e v1alpha1.ExperimentStatus, r v1alpha1.RunStatus) {
	d.shown[e.Name+"/run/"+r.ID] = true
	d.field("Run", "%s/%s", e.Name, r.ID)
	d.deleted(e.Name)
	d.field("Benchmark", "%s, repeat %d", r.Benchmark, r.Repeat)
	if len(r.Point) > 0 {
		d.field("Point", "%s", Point(r.Point))
	}
	d.field("Key", "%s", r.Key)
	d.field("Revision", "%s", r.Revision)
	if r.Commit != "" {
		d.field("Commit", "%s", r.Commit)
	}
	d.field("Phase", "%s %s %s", r.Phase, r.Reason, r.Progress)
	d.field("Job", "%s", text.Dash(r.JobID))
	d.field("Time", "%s", RunTime(r))
	if r.Simulated {
		d.field("Simulated", "yes: a stand-in answered, these are not figures of a real server")
	}
	d.conditions(r.Conditions)
	for _, name := range slices.Sorted(maps.Keys(r.Metrics)) {
		fmt.Fprintf(d.w, "  %-32s %.6g\n", name, r.Metrics[name])
	}
	d.field("Directory", "%s", text.Dash(r.Dir))
}

func (d describer) conditions(cs []v1alpha1.Condition) {
	fmt.Fprintln(d.w, "Conditions:")
	for _, c := range cs {
		fmt.Fprintf(d.w, "  %-14s %-8s %-22s %-6s %s\n", c.Type, c.Status, c.Reason, text.Age(c.LastTransitionTime), c.Message)
	}
}

// events ends a description with what happened to the objects that it shows. What happened to the runs of a benchmark
// happened to it.
func (d describer) events() error {
	events, err := d.s.store.Events("")
	if err != nil {
		return err
	}
	fmt.Fprintln(d.w, "Events:")
	for _, e := range events {
		if d.shown[e.Experiment] || d.shown[e.Experiment+"/"+e.Object] {
			fmt.Fprintf(d.w, "  %s\n", strings.Join(eventRow(e), "  "))
		}
	}
	return nil
}
