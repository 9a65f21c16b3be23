package main

import (
	"context"

	"github.com/spf13/cobra"

	"assay/drivers/service/fileserver"
)

// serveFilesOptions are the flags of `assay serve-files`.
type serveFilesOptions struct{ listen, root string }

func serveFilesCmd(_ *app, run func(context.Context, serveFilesOptions) error) *cobra.Command {
	var o serveFilesOptions
	c := &cobra.Command{
		Use:   "serve-files",
		Short: "Serve a folder over HTTP, with /healthz and /metrics: a small real service for examples and tests",
		Args:  args(cobra.NoArgs),
		RunE:  verb(&o, run),
	}
	c.Flags().StringVar(&o.listen, "listen", "127.0.0.1:8080", "address")
	c.Flags().StringVar(&o.root, "root", ".", "folder; nothing outside it is served")
	return c
}

func (a *app) runServeFiles(ctx context.Context, o serveFilesOptions) error {
	return fileserver.ListenAndServe(ctx, o.listen, o.root)
}
