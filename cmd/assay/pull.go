package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/drivers/container"
	"assay/drivers/hub"
	"assay/reconciler/redact"
	"assay/reconciler/view"
	"assay/reconciler/view/live"
)

// pullOptions are the flags of `assay pull`.
type pullOptions struct {
	files []string // manifests
	only  string   // images or weights; "": both
}

func pullCmd(a *app, run func(context.Context, pullOptions) error) *cobra.Command {
	var o pullOptions
	c := &cobra.Command{
		Use:   "pull -f FILE|FOLDER|-",
		Short: "Fetch the container images and the weights of models that a manifest needs",
		Long: `pull fetches every image and the weights of every model that the services of the manifest need at their site, each
once, before anything is submitted: a job that has its GPUs should not wait for a download.

With Apptainer or Singularity images become .sif files, with pyxis .sqsh files (by enroot import), in the site's image folder
(container.images, default images in the state directory), which several people may share: of two who need an image, one fetches and the other
waits. A fetch that was interrupted goes on with the layers that it has. With podman images go into the store
of this machine.

Weights come from Hugging Face's hub (HF_ENDPOINT names another) into <paths.work>/huggingface, in the layout in which servers
look for them, and are checked against the hub's hashes. The token for gated models is the service's secret HF_TOKEN. A
service with offline: true then asks no hub.

Exit codes: 0 everything is there, 1 failure, 4 invalid manifest.`,
		Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return run(c.Context(), o) },
	}
	c.Flags().StringSliceVarP(&o.files, "filename", "f", nil, "file, folder, or - for standard input")
	c.Flags().StringVar(&o.only, "only", "", "images or weights")
	return c
}

func (a *app) runPull(ctx context.Context, o pullOptions) error {
	if o.only != "" && o.only != "images" && o.only != "weights" {
		return exitError{exitUsage, fmt.Errorf("--only is images or weights, not %q", o.only)}
	}
	in, err := a.read(ctx, o.files)
	if err != nil {
		return err
	}
	m, site, err := a.load(in)
	if err != nil {
		return err
	}
	if site, err = a.complete(site); err != nil {
		return err
	}
	var services []v1alpha1.Service
	for _, e := range m.Experiments {
		services = append(services, e.Spec.Services...)
	}
	images, err := container.Images(site, services...)
	if err != nil {
		return err
	}
	weights := hub.Wanted(services...)
	switch o.only {
	case "images":
		weights = nil
	case "weights":
		images = nil
	}
	if len(images)+len(weights) == 0 {
		a.note("nothing to pull: %s", nothingToPull(site))
		return nil
	}
	if len(images) > 0 {
		if err := (container.Puller{Site: site, Say: a.note}).Pull(ctx, images); err != nil {
			return err
		}
	}
	return a.pullWeights(ctx, site, weights)
}

// pullWeights fetches models one by one: a download fills the line by itself.
func (a *app) pullWeights(ctx context.Context, site v1alpha1.Site, weights []hub.Want) error {
	for n, w := range weights {
		token := ""
		if ref, ok := w.Service.Secrets[hub.TokenSecret]; ok {
			var err error
			if token, err = a.readsSecret()(ref); err != nil {
				return fmt.Errorf("the token for %s: %w", w.Model, err)
			}
		}
		say := func(format string, v ...any) {
			a.note("model %d of %d  %s  %s", n+1, len(weights), w.Model, redact.Message(fmt.Sprintf(format, v...), token))
		}
		h := hub.Hub{Endpoint: os.Getenv("HF_ENDPOINT"), Token: token, Home: filepath.Join(site.Spec.Paths.Work, "huggingface"), Say: say}
		display := live.New(a.err, a.out)
		if display.Terminal() {
			h.Progress = (&view.Fetch{Display: display, Object: w.Model}).Show
		}
		got, err := h.Fetch(ctx, w.Model, w.Revision)
		display.Close()
		if err != nil {
			return cmp.Or(ctx.Err(), fmt.Errorf("pulling %s: %s; what is there is kept, and the same command goes on with it", w.Model, redact.Message(err.Error(), token)))
		}
		say("%d files, %.2f GB, commit %.12s; %.2f GB were there", got.Files, float64(got.Bytes)/1e9, got.Commit, float64(got.Already)/1e9)
	}
	return nil
}

func nothingToPull(site v1alpha1.Site) string {
	if !site.Spec.Container.Runs() {
		return fmt.Sprintf("site %s runs no containers", site.Metadata.Name)
	}
	return "no service of the manifest needs an image or weights"
}
