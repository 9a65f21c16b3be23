package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"assay/reconciler/decide"
)

// powerTrials is how many comparisons are simulated: a share is right within 2 points.
const powerTrials = 2000

func (a *app) explainPower(_ context.Context, o powerOptions) error {
	if o.runs < 1 || o.deployments < 1 || o.runs*o.deployments > 1000 || o.effect <= 0 || o.within < 0 || o.between < 0 {
		return exitError{exitUsage, errors.New("--runs and --deployments are 1 or more and come to at most 1000 runs, --effect is above 0, --within and --between are not negative")}
	}
	spread := decide.Spread{Within: o.within / 100, Between: o.between / 100}
	all := []int{1, 2, 3, 5, 8}
	if !slices.Contains(all, o.deployments) {
		all = append(all, o.deployments)
		slices.Sort(all)
	}
	percent := func(share float64) string { return fmt.Sprintf("%.0f%%", 100*share) }
	var rows [][]string
	for _, n := range all {
		found, wrong := decide.Power(decide.Design{Runs: o.runs, Deployments: n, Early: o.early}, spread, o.effect/100, powerTrials)
		mark := ""
		if n == o.deployments {
			mark = "asked for"
		}
		rows = append(rows, []string{strconv.Itoa(n), strconv.Itoa(o.runs), percent(found), fmt.Sprintf("%.1f%%", 100*wrong), mark})
	}
	a.table([]string{"DEPLOYMENTS", "RUNS EACH", fmt.Sprintf("A TRUE %g%% IS FOUND", o.effect), "EQUAL THINGS DIFFER", ""}, rows)
	a.note("runs of a deployment vary by %g%%, deployments by %g%%; a comparison may err in 5%% of cases", o.within, o.between)
	if o.between > 0 {
		a.note("one deployment a side does not cover what differs between deployments: the first line shows what that costs")
	}
	return nil
}
