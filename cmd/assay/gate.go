package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/reconciler"
	"assay/reconciler/changes"
	"assay/reconciler/gate"
	"assay/reconciler/plan"
	"assay/reconciler/results/resultset"
	"assay/reconciler/store"
	"assay/reconciler/view"
	"assay/reconciler/view/text"
)

// Exit codes of gate.
const (
	exitNoGo         = 1
	exitInconclusive = 2
)

// gateOptions are the arguments and flags of `assay gate`.
type gateOptions struct {
	experiment string // or EXPERIMENT@REVISION, EXPERIMENT@COMMIT
	format     string // json, yaml; empty: a table
}

func gateCmd(a *app, run func(context.Context, gateOptions) error) *cobra.Command {
	var o gateOptions
	c := &cobra.Command{
		Use:   "gate EXPERIMENT[@REVISION|@COMMIT]",
		Short: "Decide an experiment's gates: exit 0 GO, 1 NO-GO, 2 inconclusive",
		Long: `gate compares the results of an experiment with the gates that its benchmarks declare, benchmark by benchmark and point by
point, by the interval over the repeats: a bound inside of it is inconclusive, and so is a single run. Where the revisions up to
this one show a change of a metric that a gate bounds, it names the newest one, with its commit (as bisect does); that decides nothing.

Exit codes: 0 every gate says GO, 1 one says NO-GO, 2 one cannot tell or there is none.`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, pos []string) error {
			o.experiment = bare(pos[0], "experiments")
			if err := oneOf(o.format, "", "json", "yaml"); err != nil {
				return err
			}
			return run(c.Context(), o)
		},
	}
	c.Flags().StringVarP(&o.format, "output", "o", "", "json or yaml")
	return c
}

func (a *app) runGate(ctx context.Context, o gateOptions) error {
	st, site, err := a.current()
	if err != nil {
		return err
	}
	average, closed := a.prometheusOf(st, site)
	defer closed()
	all, err := resultsOf(st).Verdicts(o.experiment, resultset.PromQL(ctx, average))
	if err != nil {
		return err
	}
	since, err := resultsOf(st).Changed(o.experiment)
	if err != nil {
		return err
	}
	a.saysDeleted(st, o.experiment)
	return a.showVerdicts(all, since, o.format)
}

// resultsOf reads results, with this assay's compiler.
func resultsOf(st *store.Store) resultset.Reader {
	return resultset.Reader{Store: st, Configurations: func(rev store.Revision) ([]plan.Configuration, error) {
		return reconciler.Configurations(rev, compileService)
	}, Searches: func(rev store.Revision, runs []plan.Run) ([]v1alpha1.SearchStatus, error) {
		return reconciler.Searches(rev, runs, compileService)
	}}
}

// showVerdicts prints, and returns the exit code as an error.
func (a *app) showVerdicts(all []gate.Verdict, since []changes.Last, format string) error {
	overall := gate.Overall(all)
	if format != "" {
		if err := a.print(format, struct {
			Verdict string         `json:"verdict"`
			Gates   []gate.Verdict `json:"gates"`
			Changes []changes.Last `json:"changes,omitempty"`
		}{overall, all, since}); err != nil {
			return err
		}
	} else {
		rows := make([][]string, 0, len(all))
		for _, v := range all {
			rows = append(rows, []string{v.Benchmark, text.Dash(view.Point(v.Point)), v.Gate, v.Verdict, v.Reason})
		}
		a.table([]string{"BENCHMARK", "POINT", "GATE", "VERDICT", "REASON"}, rows)
		for _, c := range since {
			a.sayChange(c)
		}
		fmt.Fprintln(a.out, overall)
	}
	switch overall {
	case gate.NoGo:
		return exitError{code: exitNoGo}
	case gate.Inconclusive:
		return exitError{code: exitInconclusive}
	}
	return nil
}
