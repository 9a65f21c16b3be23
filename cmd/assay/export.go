package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"assay/reconciler/export"
)

// exportOptions are the arguments and flags of `assay export`.
type exportOptions struct {
	ref    string // EXPERIMENT[@REVISION|@COMMIT]
	format string
	out    string // folder
}

func exportCmd(_ *app, run func(context.Context, exportOptions) error) *cobra.Command {
	var o exportOptions
	c := &cobra.Command{
		Use:   "export EXPERIMENT[@REVISION|@COMMIT] --format " + strings.Join(export.Formats, "|") + " -o FOLDER",
		Short: "Write results as files for other tools: Parquet, MLflow, W&B, OpenMetrics, vLLM",
		Long: `export writes the runs that count for a revision into a folder. Nothing is sent anywhere.

  parquet      runs.parquet, a row a run; samples.parquet, a row a request
  mlflow       mlruns/, for: mlflow ui --backend-store-uri FOLDER/mlruns
  wandb        wandb/offline-run-…, for: wandb sync FOLDER/wandb/offline-run-*, which asks for an account
  openmetrics  results.om, for: promtool tsdb create-blocks-from openmetrics
  vllm         the result files of vllm bench serve --save-result, of valid runs`,
		Args: args(cobra.ExactArgs(1)),
		RunE: verb(&o, run, func(pos []string) error {
			switch o.ref = bare(pos[0], "experiments"); {
			case o.format == "":
				return fmt.Errorf("in which format? Add --format %s", strings.Join(export.Formats, "|"))
			case o.out == "":
				return errors.New("into which folder? Add -o FOLDER")
			}
			return oneOf(o.format, export.Formats...)
		}),
	}
	c.Flags().StringVar(&o.format, "format", "", strings.Join(export.Formats, ", "))
	c.Flags().StringVarP(&o.out, "output", "o", "", "folder to write into")
	return c
}

func (a *app) runExport(ctx context.Context, o exportOptions) error {
	if a.far != nil {
		return exitError{exitUsage, errors.New("export writes a folder, and only at the site; type it there, and copy the folder")}
	}
	st, site, err := a.current()
	if err != nil {
		return err
	}
	name, word, _ := strings.Cut(o.ref, "@")
	m, err := resultsOf(st).Measurements(name)
	if err != nil {
		return err
	}
	rev, err := m.Find(word)
	if err != nil {
		return err
	}
	s := export.Set{Experiment: name, Generation: rev.Generation, Revision: rev.Hash, Site: site.Metadata.Name, Labels: rev.Spec.Metadata.Labels, Rows: m.Of(rev)}
	if len(s.Rows) == 0 {
		return fmt.Errorf("revision %d of %s has no result; what there is: assay get runs -e %s", rev.Generation, name, name)
	}
	if s.Secrets, err = st.SecretValues(); err != nil {
		return err
	}
	made, err := export.Write(ctx, o.format, o.out, s)
	if err != nil {
		return err
	}
	a.note("%s: %d file(s) of %d run(s)", o.out, made.Files, made.Runs)
	for _, n := range made.Notes {
		a.note("%s", n)
	}
	return nil
}
