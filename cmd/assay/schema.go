package main

import (
	"context"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1/fields"
)

func schemaCmd(_ *app, run func(context.Context, noOptions) error) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of manifests, with which editors complete and check them",
		Long: `schema prints the JSON Schema (draft 7) of a manifest. Write it beside your manifests once:

  assay schema > assay.schema.json

and an editor with yaml-language-server (VS Code with its YAML extension, Neovim, Emacs, Helix and others) completes and
explains every field of a file that begins with

  # yaml-language-server: $schema=assay.schema.json`,
		Args: args(cobra.NoArgs),
		RunE: verb(&noOptions{}, run),
	}
}

func (a *app) runSchema(context.Context, noOptions) error {
	_, err := a.out.Write(fields.Schema())
	return err
}
