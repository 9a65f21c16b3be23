package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/drivers/container"
)

// pullOptions are the flags of `assay pull`.
type pullOptions struct {
	files []string // manifests
}

func pullCmd(a *app, run func(context.Context, pullOptions) error) *cobra.Command {
	var o pullOptions
	c := &cobra.Command{
		Use:   "pull -f FILE|FOLDER|-",
		Short: "Fetch the container images that a manifest needs",
		Long: `pull fetches every image that the services of the manifest need at their site, each once, before anything is
submitted: a job that has its GPUs should not wait for a download.

With Apptainer or Singularity images become .sif files in the site's image folder (container.images, default
images in the state directory), which several people may share: of two who need an image, one fetches and the other
waits. A fetch that was interrupted goes on with the layers that it has. With podman images go into the store
of this machine.

Exit codes: 0 every image is there, 1 failure, 4 invalid manifest.`,
		Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return run(c.Context(), o) },
	}
	c.Flags().StringSliceVarP(&o.files, "filename", "f", nil, "file, folder, or - for standard input")
	return c
}

func (a *app) runPull(ctx context.Context, o pullOptions) error {
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
	if len(images) == 0 {
		a.note("nothing to pull: %s", nothingToPull(site))
		return nil
	}
	return container.Puller{Site: site, Say: a.note}.Pull(ctx, images)
}

func nothingToPull(site v1alpha1.Site) string {
	if !site.Spec.Container.Runs() {
		return fmt.Sprintf("site %s runs no containers", site.Metadata.Name)
	}
	return "no service of the manifest needs an image"
}
