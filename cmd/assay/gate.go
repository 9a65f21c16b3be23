package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/reconciler/gate"
	"assay/reconciler/results"
	"assay/reconciler/store"
)

// Exit codes of gate.
const (
	exitNoGo         = 1
	exitInconclusive = 2
)

func gateCmd(a *app) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "gate EXPERIMENT",
		Short: "Decide an experiment's gates: exit 0 GO, 1 NO-GO, 2 inconclusive",
		Long: `gate compares the results of an experiment with the gates that its benchmarks declare, benchmark by benchmark and point by
point, by the interval over the repeats: a bound inside of it is inconclusive, and so is a single run.

Exit codes: 0 every gate says GO, 1 one says NO-GO, 2 one cannot tell or there is none.`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, pos []string) error {
			if err := oneOf(format, "", "json", "yaml"); err != nil {
				return err
			}
			st, site, err := a.current()
			if err != nil {
				return err
			}
			all, err := a.verdicts(c.Context(), st, site, pos[0])
			if err != nil {
				return err
			}
			return a.showVerdicts(all, format)
		},
	}
	c.Flags().StringVarP(&format, "output", "o", "", "json or yaml")
	return c
}

func (a *app) showVerdicts(all []gate.Verdict, format string) error {
	overall := gate.Overall(all)
	if format != "" {
		if err := a.print(format, struct {
			Verdict string         `json:"verdict"`
			Gates   []gate.Verdict `json:"gates"`
		}{overall, all}); err != nil {
			return err
		}
	} else {
		rows := make([][]string, 0, len(all))
		for _, v := range all {
			rows = append(rows, []string{v.Benchmark, dash(pointName(v.Point)), v.Gate, v.Verdict, v.Reason})
		}
		a.table([]string{"BENCHMARK", "POINT", "GATE", "VERDICT", "REASON"}, rows)
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

// verdicts evaluates every gate of the newest revision at every point.
func (a *app) verdicts(ctx context.Context, st *store.Store, site v1alpha1.Site, experiment string) ([]gate.Verdict, error) {
	head, ok, err := st.Head(experiment)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("no experiment %q; what there is: assay get experiments", experiment)
	}
	m, err := measurementsOf(st, experiment)
	if err != nil {
		return nil, fmt.Errorf("reading the results of %s: %w", experiment, err)
	}
	ask, closed := a.prometheusOf(ctx, st, site)
	defer closed()
	baseline := func(ref string, like results.Group) (results.Group, error) { return groupOf(st, ref, like) }
	var out []gate.Verdict
	groups := results.Groups(m.of(head))
	for _, b := range head.Spec.Spec.Benchmarks {
		for _, g := range b.Gates {
			found := false
			for _, group := range groups {
				if group.Benchmark == b.Name {
					found = true
					out = append(out, gate.Evaluate(g, group, ask, baseline))
				}
			}
			if !found {
				out = append(out, gate.Verdict{Benchmark: b.Name, Gate: g.String(), Verdict: gate.Inconclusive, Reason: "no run of this revision has ended"})
			}
		}
	}
	return out, nil
}

// groupOf finds the results of a reference that belong to the same benchmark and point.
func groupOf(st *store.Store, ref string, like results.Group) (results.Group, error) {
	rows, err := resultsOf(st, ref)
	if err != nil {
		return results.Group{}, err
	}
	for _, g := range results.Groups(rows) {
		if g.Benchmark == like.Benchmark && g.PointName() == like.PointName() {
			return g, nil
		}
	}
	return results.Group{}, fmt.Errorf("baseline %s has no results of %s", ref, like.Name())
}
