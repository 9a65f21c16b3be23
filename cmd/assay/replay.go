package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/drivers/source"
	"assay/reconciler/compare"
	"assay/reconciler/results"
	"assay/reconciler/sealed"
	"assay/reconciler/store"
	"assay/reconciler/view"
	"assay/reconciler/view/text"
)

// bundleReplayOptions are the arguments and flags of `assay bundle replay`.
type bundleReplayOptions struct {
	file    string
	who     sealed.Who
	name    string // of the experiment; empty: that of the bundle with -replay
	data    string // folder with data sets that did not travel along
	trust   bool
	yes     bool
	timeout time.Duration
	metrics []string
	format  string
}

func bundleReplayCmd(run func(context.Context, bundleReplayOptions) error) *cobra.Command {
	var o bundleReplayOptions
	c := &cobra.Command{
		Use:   "replay FILE",
		Short: "Measure here what a bundle says, and compare: exit 0 reproduced, 1 not, 2 inconclusive",
		Long: `replay verifies a bundle, shows what applying its manifest would change here, asks, applies it under a name of its own, waits until
every run has ended, and compares point by point. Its services are released afterwards, and its results stay.

A metric of a point is reproduced where the 95 % intervals of both sides meet and no difference is called. It is not where a
difference is called, or the intervals have nothing in common. Fewer than two runs on a side tell nothing. Real and simulated
results are not compared.

The manifest is another one's: unless --allowed-signers names who signed it, it may do what the site trusts a followed repository
with, and --trust allows what your own files may do. Read it first: tar xOf FILE bundle/manifest.yaml

Exit codes: 0 reproduced, 1 not reproduced or a failure, 2 inconclusive or usage, 4 the manifest is not valid here.`,
		Args: args(cobra.ExactArgs(1)),
		RunE: verb(&o, run, first(&o.file), func([]string) error { return errors.Join(oneOf(o.format, "", "json", "yaml"), signerOf(o.who)) }),
	}
	whoFlags(c, &o.who)
	f := c.Flags()
	f.StringVar(&o.name, "name", "", "name of the experiment here (default: the bundle's with -replay)")
	f.StringVar(&o.data, "data", "", "folder with the data sets that are not in the bundle")
	f.BoolVar(&o.trust, "trust", false, "let the manifest do what one of your own may: programs, variables, secrets, files")
	f.BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	f.DurationVar(&o.timeout, "timeout", 0, "give up waiting after this time (0: never)")
	f.StringSliceVar(&o.metrics, "metric", nil, `metrics to compare, such as ttft.p99; "all" for every one (default: the headlines of a report)`)
	f.StringVarP(&o.format, "output", "o", "", "json or yaml")
	return c
}

func (a *app) runBundleReplay(ctx context.Context, o bundleReplayOptions) error {
	if a.far == nil {
		return a.replay(ctx, o.file, o.who, o)
	}
	return a.far.Borrow(o.file, func(here string) error {
		if o.who.AllowedSigners == "" {
			return a.replay(ctx, here, o.who, o)
		}
		return a.far.Borrow(o.who.AllowedSigners, func(signers string) error {
			return a.replay(ctx, here, sealed.Who{AllowedSigners: signers, Signer: o.who.Signer}, o)
		})
	})
}

// replay replays the bundle at a path of this machine.
func (a *app) replay(ctx context.Context, path string, who sealed.Who, o bundleReplayOptions) error {
	b, err := sealed.Open(ctx, path, who)
	if err != nil {
		return err
	}
	defer b.Close()
	o.name = cmp.Or(o.name, b.About.Experiment+"-replay")
	out := a.out
	if o.format != "" { // data alone comes on standard output
		a.out = a.err
	}
	now, err := a.replayed(ctx, b, o)
	if a.out = out; err != nil {
		return err
	}
	return a.showReplay(o, sealed.Compare(b.Rows, now, o.metrics))
}

// replayed applies the manifest of a bundle, waits, and returns what was measured.
func (a *app) replayed(ctx context.Context, b *sealed.Bundle, o bundleReplayOptions) ([]results.Row, error) {
	in, files, err := a.manifestOf(b, o)
	if err != nil {
		return nil, err
	}
	steps, err := a.preview(ctx, in, "")
	if err != nil && in.FromGit && len(v1alpha1.Problems(err)) > 0 {
		a.note("The bundle is not signed by one of --allowed-signers, so its manifest may do what one from git may. Read it (tar xOf %s bundle/manifest.yaml); --trust allows the rest.", o.file)
	}
	if err == nil && len(steps) == 0 {
		a.note("Nothing is measured anew: %s has its results already. With another --name it is.", o.name)
	}
	if err == nil && len(steps) > 0 {
		err = a.confirm(o.yes, "Do this?", "nothing was applied", "add --yes")
	}
	if err == nil {
		err = files.Take()
	}
	if err != nil {
		return nil, err
	}
	failed := a.apply(ctx, in, applyOptions{wait: true, timeout: o.timeout})
	if ctx.Err() != nil {
		return nil, failed
	}
	rows, err := a.rowsOf(o.name)
	if failed != nil && err == nil && len(rows) > 0 { // what there is, is compared
		a.note("assay: %v", failed)
		failed = nil
	}
	return rows, errors.Join(failed, err)
}

// manifestOf is the manifest of a bundle as it is to be applied here, and its data sets.
func (a *app) manifestOf(b *sealed.Bundle, o bundleReplayOptions) (in source.Input, files *sealed.Files, err error) {
	site, err := a.site()
	if err == nil {
		site, err = a.complete(site)
	}
	if err != nil {
		return in, nil, err
	}
	e, notes, err := b.Experiment(o.name, site)
	if err != nil {
		return in, nil, err
	}
	if files, err = b.Place(&e, filepath.Join(site.Spec.Paths.State, store.SentFiles), o.data); err != nil {
		return in, nil, err
	}
	manifest, err := v1alpha1.Encode(e)
	for _, n := range append(notes, files.Notes...) {
		a.note("%s", n)
	}
	theirs := !o.trust && (b.Signature == nil || b.Signature.Principal == "")
	in = source.Input{Files: []v1alpha1.File{{Name: filepath.Base(o.file) + ":manifest.yaml", Data: manifest}}, FromGit: theirs, Origin: source.Here("apply")}
	in.Origin.Path = o.file
	return in, files, err
}

// rowsOf are the results of the newest revision of an experiment; none are no error.
func (a *app) rowsOf(experiment string) ([]results.Row, error) {
	st, _, err := a.current()
	if err != nil {
		return nil, err
	}
	m, err := resultsOf(st).Measurements(experiment)
	if err != nil || len(m.History) == 0 {
		return nil, err
	}
	return m.Of(m.History[len(m.History)-1]), nil
}

// showReplay prints, and returns the exit code as an error.
func (a *app) showReplay(o bundleReplayOptions, all []sealed.Verdict) error {
	overall := sealed.Overall(all)
	if o.format != "" {
		if err := a.print(o.format, struct {
			Verdict string           `json:"verdict"`
			Points  []sealed.Verdict `json:"points"`
		}{overall, all}); err != nil {
			return err
		}
	} else {
		var rows [][]string
		for _, v := range all {
			was, is, change := "-", "-", "-"
			if v.Before != nil {
				was, is = compare.Spread(*v.Before), compare.Spread(*v.Now)
			}
			if v.Delta != nil {
				change = fmt.Sprintf("%+.1f%%", 100**v.Delta)
			}
			name := v.Benchmark
			if v.Simulated {
				name += " (simulated)"
			}
			rows = append(rows, []string{name, text.Dash(view.Point(v.Point)), text.Dash(v.Metric), was, is, change, v.Verdict, v.Why})
		}
		a.table([]string{"BENCHMARK", "POINT", "METRIC", "BUNDLE", "REPLAY", "CHANGE", "VERDICT", "WHY"}, rows)
		fmt.Fprintln(a.out, overall)
	}
	a.note("The replay's own results stay: assay get runs -e %s. Remove the experiment: assay delete experiment %s", o.name, o.name)
	switch overall {
	case sealed.NotReproduced:
		return exitError{code: exitNoGo}
	case sealed.Inconclusive:
		return exitError{code: exitInconclusive}
	}
	return nil
}
