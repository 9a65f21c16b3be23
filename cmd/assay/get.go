package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/reconciler/store"
)

// kinds of `get`, with the short names that people type.
var kinds = map[string]string{
	"services": "services", "service": "services", "svc": "services",
	"jobs": "jobs", "job": "jobs",
	"runs": "runs", "run": "runs",
	"experiments": "experiments", "experiment": "experiments", "exp": "experiments",
	"revisions": "revisions", "revision": "revisions", "rev": "revisions",
	"events": "events", "event": "events",
}

var kindNames = []string{"services", "jobs", "runs", "experiments", "revisions", "events"}

func getCmd(a *app) *cobra.Command {
	var format, experiment string
	var watch bool
	c := &cobra.Command{
		Use:       "get services|jobs|runs|experiments|revisions|events [NAME]",
		Short:     "List objects",
		Long:      "get lists objects of one kind. NAME is the object's name, or experiment/name.\n-o json prints {apiVersion, kind: List, items: [{apiVersion, kind, metadata, spec, status}]}.",
		Args:      args(cobra.RangeArgs(1, 2)),
		ValidArgs: kindNames,
		RunE: func(c *cobra.Command, pos []string) error {
			kind, ok := kinds[pos[0]]
			if !ok {
				return exitError{exitUsage, fmt.Errorf("no kind %q; kinds are %s", pos[0], strings.Join(kindNames, ", "))}
			}
			if format == "samples" && (kind != "runs" || len(pos) < 2) {
				return exitError{exitUsage, errors.New("samples are those of one run; type: assay get runs NAME -o samples")}
			}
			if err := oneOf(format, "", "wide", "json", "yaml", "name", "samples"); err != nil {
				return err
			}
			name := ""
			if len(pos) == 2 {
				name = pos[1]
			}
			st, _, err := a.current()
			if err != nil {
				return err
			}
			g := getter{a: a, st: st, kind: kind, name: name, experiment: experiment, format: format}
			if watch {
				return g.watch(c.Context())
			}
			return g.print()
		},
	}
	f := c.Flags()
	f.StringVarP(&format, "output", "o", "", "wide, json, yaml, name, or samples (of one serving run, as CSV)")
	f.StringVarP(&experiment, "experiment", "e", "", "only of this experiment")
	f.BoolVarP(&watch, "watch", "w", false, "print again whenever something changes")
	return c
}

type getter struct {
	a                              *app
	st                             *store.Store
	kind, name, experiment, format string
}

func (g getter) watch(ctx context.Context) error {
	last := ""
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		items, err := g.items()
		if err != nil {
			return err
		}
		if now := fingerprint(items); now != last {
			last = now
			if err := g.show(items); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (g getter) print() error {
	items, err := g.items()
	if err != nil {
		return err
	}
	if g.name != "" && len(items) == 0 {
		return fmt.Errorf("no %s %q; what there is: assay get %s", strings.TrimSuffix(g.kind, "s"), g.name, g.kind)
	}
	return g.show(items)
}

// items are the objects that match, ordered by experiment and name.
func (g getter) items() ([]object, error) {
	w, err := readWorld(g.st)
	if err != nil {
		return nil, err
	}
	all, err := w.objects(g.kind)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(o object) bool {
		full := o.Metadata.Experiment + "/" + o.Metadata.Name
		return g.experiment != "" && o.Metadata.Experiment != g.experiment ||
			g.name != "" && g.name != o.Metadata.Name && g.name != full
	}), nil
}

func (g getter) show(items []object) error {
	switch g.format {
	case "json", "yaml":
		return g.a.list(g.format, items)
	case "samples":
		return g.a.samples(items)
	case "name":
		for _, o := range items {
			fmt.Fprintf(g.a.out, "%s/%s\n", strings.ToLower(o.Kind), qualified(o))
		}
		return nil
	}
	if len(items) == 0 {
		g.a.say("No %s. State directory: %s", g.kind, g.st.Dir())
		return nil
	}
	header, rows := tabulate(g.kind, items, g.format == "wide")
	g.a.table(header, rows)
	return nil
}

func qualified(o object) string {
	if o.Metadata.Experiment == "" || o.Kind == "Experiment" {
		return o.Metadata.Name
	}
	return o.Metadata.Experiment + "/" + o.Metadata.Name
}

// tabulate turns objects into a table for people.
func tabulate(kind string, items []object, wide bool) ([]string, [][]string) {
	var header []string
	var row func(object) []string
	switch kind {
	case "services":
		header, row = []string{"EXPERIMENT", "NAME", "KIND", "READY", "STATUS", "RESTARTS", "AGE", "ENDPOINT"}, serviceRow
	case "jobs":
		header, row = []string{"EXPERIMENT", "JOB", "SEAT", "STATE", "NODES", "LEFT", "REASON"}, jobRow
	case "runs":
		header, row = []string{"EXPERIMENT", "RUN", "POINT", "PHASE", "VALID", "SIMULATED", "TIME", "RESULT"}, runRow
	case "experiments":
		header, row = []string{"NAME", "REVISION", "READY", "COMPLETE", "STATUS", "SERVICES", "RUNS"}, experimentRow
	case "revisions":
		header, row = []string{"EXPERIMENT", "REVISION", "HASH", "SOURCE", "COMMIT", "USER", "AGE", "PATH"}, revisionRow
	case "events":
		header, row = []string{"AGE", "TYPE", "EXPERIMENT", "OBJECT", "REASON", "MESSAGE"}, eventRow
	}
	var rows [][]string
	for _, o := range items {
		r := row(o)
		if wide {
			r = append(r, wideCells(o)...)
		}
		rows = append(rows, r)
	}
	if wide {
		header = append(header, wideHeader(kind)...)
	}
	return header, rows
}

func serviceRow(o object) []string {
	s := o.Status.(v1alpha1.ServiceStatus)
	endpoint := ""
	var started time.Time
	for _, seat := range s.Seats {
		endpoint = cmp.Or(endpoint, seat.Endpoint)
		if seat.Started != nil && started.IsZero() {
			started = *seat.Started
		}
	}
	return []string{o.Metadata.Experiment, o.Metadata.Name, kindWord(s.Kind, s.Simulated), fmt.Sprintf("%d/%d", s.Ready, s.Replicas), serviceState(s), strconv.Itoa(s.Restarts), since(started), dash(endpoint)}
}

// kindWord never lets a simulated server pass for a real one.
func kindWord(kind string, simulated bool) string {
	if simulated {
		return kind + " (simulated)"
	}
	return kind
}

func jobRow(o object) []string {
	s := o.Status.(v1alpha1.SeatStatus)
	var ends time.Time
	if s.Ends != nil {
		ends = *s.Ends
	}
	return []string{o.Metadata.Experiment, o.Metadata.Name, s.Seat, s.JobState, dash(strings.Join(s.Nodes, ",")), until(ends), dash(s.Reason)}
}

func until(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return short(time.Until(t))
}

func experimentRow(o object) []string {
	s := o.Status.(v1alpha1.ExperimentStatus)
	done := 0
	for _, b := range s.Benchmarks {
		done += b.Done
	}
	total := 0
	for _, b := range s.Benchmarks {
		total += b.Runs
	}
	ready, complete := v1alpha1.Find(s.Conditions, v1alpha1.Ready), v1alpha1.Find(s.Conditions, v1alpha1.Complete)
	return []string{s.Name, strconv.FormatInt(s.Generation, 10), ready.Status, complete.Status, ready.Reason, strconv.Itoa(len(s.Services)), fmt.Sprintf("%d/%d", done, total)}
}

func revisionRow(o object) []string {
	r := o.Status.(revisionStatus)
	return []string{o.Metadata.Experiment, o.Metadata.Name, o.Metadata.Revision, r.Origin.Source, dash(shortCommit(r.Origin.Commit)), r.Origin.User, since(r.Origin.Time), dash(r.Origin.Path)}
}

func shortCommit(c string) string {
	hash, dirty, _ := strings.Cut(c, "-")
	hash = hash[:min(10, len(hash))]
	if dirty != "" {
		hash += "-" + dirty
	}
	return hash
}

func eventRow(o object) []string {
	e := o.Status.(store.Event)
	msg := e.Message
	if e.Count > 1 {
		msg += fmt.Sprintf(" (x%d)", e.Count)
	}
	return []string{since(e.Time), e.Type, e.Experiment, e.Object, e.Reason, msg}
}
