package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"assay/api/v1alpha1"
	"assay/reconciler/results"
	"assay/reconciler/store"
	"assay/reconciler/view"
	"assay/reconciler/view/text"
)

// pageOfRuns is how many runs are listed unless the user says otherwise.
const pageOfRuns = 100

// runOptions choose among runs, of which there can be very many.
type runOptions struct {
	limit                   int
	all                     bool
	benchmark, phase, valid string
	since                   time.Duration
}

func (o *runOptions) flags(f *pflag.FlagSet) {
	f.IntVar(&o.limit, "limit", 0, "of runs: so many, those that began last (default 100)")
	f.BoolVar(&o.all, "all", false, "of runs: every one")
	f.StringVar(&o.benchmark, "benchmark", "", "of runs: only of this benchmark")
	f.StringVar(&o.phase, "phase", "", "of runs: only pending, running, complete, failed, lost or superseded ones")
	f.StringVar(&o.valid, "valid", "", "of runs: only valid ones (yes), those that are not (no), or those without a verdict (unknown)")
	f.DurationVar(&o.since, "since", 0, "of runs: only those that began within this time, as 24h")
}

// verdicts are the words for a run's condition Valid.
var verdicts = map[string]string{"": "", "yes": v1alpha1.True, "no": v1alpha1.False, "unknown": v1alpha1.Unknown}

func (o *runOptions) check() error {
	phases := []string{"", v1alpha1.RunPending, v1alpha1.RunRunning, v1alpha1.RunComplete, v1alpha1.RunFailed, v1alpha1.RunLost, v1alpha1.RunSuperseded}
	known := false
	for _, p := range phases {
		known = known || strings.EqualFold(p, o.phase)
	}
	_, verdict := verdicts[o.valid]
	switch {
	case o.limit < 0 || o.since < 0:
		return errors.New("--limit and --since cannot be negative")
	case o.all && o.limit > 0:
		return errors.New("--all and --limit exclude each other")
	case !known:
		return fmt.Errorf("no phase %q; phases are %s", o.phase, strings.Join(phases[1:], ", "))
	case !verdict:
		return fmt.Errorf("no verdict %q; --valid takes yes, no or unknown", o.valid)
	}
	return nil
}

func (o runOptions) narrow(f *view.Filter) {
	f.Benchmark, f.Phase, f.Valid, f.Limit = o.benchmark, o.phase, verdicts[o.valid], cmp.Or(o.limit, pageOfRuns)
	if o.all {
		f.Limit = 0
	}
	if o.since > 0 {
		f.Since = time.Now().Add(-o.since)
	}
}

// getRuns lists a page of runs and says what is left out. JSON is written run by run, so that a long list needs no memory.
func (a *app) getRuns(ctx context.Context, st *store.Store, site v1alpha1.Site, o getOptions) error {
	read := func() (view.Snapshot, error) { return a.snapshot(ctx, st, site) }
	if o.deleted {
		read = func() (view.Snapshot, error) { return view.Deleted(st) }
	}
	if o.experiment != "" && !o.deleted {
		a.saysDeleted(st, o.experiment)
	}
	s, err := read()
	if err != nil {
		return err
	}
	var more int
	if ref := o.refs[0]; o.format == "json" && ref.Name == "" {
		more, err = a.streamRuns(s, o.filter(ref))
	} else {
		var items []view.Object
		more, err = s.EachRun(o.filter(ref), func(run view.Object) error { items = append(items, run); return nil })
		switch {
		case err != nil:
		case ref.Name != "" && len(items) == 0:
			err = fmt.Errorf("no run %q; what there is: assay get runs", ref.Name)
		default:
			err = a.showObjects(st, o, []group{{"runs", items}})
		}
	}
	if err == nil && more > 0 {
		a.note("%d older run(s) are not shown. All of them: assay get runs --all. Some: --limit, --experiment, --benchmark, --phase, --valid, --since", more)
	}
	return err
}

// streamRuns writes the List that output.go would, one run after the other.
func (a *app) streamRuns(s view.Snapshot, f view.Filter) (more int, err error) {
	fmt.Fprintf(a.out, "{\n  \"apiVersion\": %q,\n  \"items\": [", v1alpha1.APIVersion)
	before, after := "\n    ", ""
	more, err = s.EachRun(f, func(run view.Object) error {
		b, err := json.MarshalIndent(run, "    ", "  ")
		if err != nil {
			return fmt.Errorf("printing as JSON: %w", err)
		}
		_, err = fmt.Fprintf(a.out, "%s%s", before, b)
		before, after = ",\n    ", "\n  "
		return err
	})
	if err == nil {
		_, err = fmt.Fprintf(a.out, "%s],\n  \"kind\": \"List\"\n}\n", after)
	}
	return more, err
}

func runRow(o view.Object) []string {
	return runCells(o.Metadata.Experiment, o.Status.(v1alpha1.RunStatus))
}

func runCells(experiment string, r v1alpha1.RunStatus) []string {
	valid := v1alpha1.Find(r.Conditions, v1alpha1.Valid)
	word := "-"
	switch valid.Status {
	case v1alpha1.True:
		word = "yes"
	case v1alpha1.False:
		word = "no: " + valid.Reason
	}
	simulated := "no"
	if r.Simulated {
		simulated = "yes"
	}
	return []string{experiment, r.ID, text.Dash(view.Point(r.Point)), r.Phase, word, simulated, view.RunTime(r), text.Dash(results.Brief(r.Metrics))}
}

// runTable prints the runs of experiments; superseded and lost ones only when all is set.
func (a *app) runTable(experiments []v1alpha1.ExperimentStatus, all bool) {
	var rows [][]string
	for _, s := range experiments {
		for _, r := range s.Runs {
			if all || r.Phase != v1alpha1.RunSuperseded && r.Phase != v1alpha1.RunLost {
				rows = append(rows, runCells(s.Name, r))
			}
		}
	}
	a.table(view.RunColumns, rows)
}
