package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/drivers/site"
	"assay/drivers/slurm"
)

// siteImportOptions are the flags of `assay site import`.
type siteImportOptions struct {
	name, file string
	force      bool
}

func siteImportCmd(run func(context.Context, siteImportOptions) error) *cobra.Command {
	var o siteImportOptions
	c := &cobra.Command{
		Use:   "import [--name NAME] [-o FILE]",
		Short: "Write the Site of the Slurm cluster that this host belongs to",
		Long: `import asks Slurm (scontrol; sacctmgr and sshare where there is accounting) what this user's jobs may ask for, and writes it as a
Site: partitions with their kinds of node, QOSs, your accounts with the limits that they inherit, reservations, licences. What
could not be known is a comment that says how to find it out. It changes nothing at the site and remembers nothing:

  assay site import -o site.yaml
  assay doctor -f site.yaml        is it true, and does what assay needs work there?
  assay apply -f site.yaml         from now on the site is known`,
		Args: args(cobra.NoArgs),
		RunE: verb(&o, run),
	}
	f := c.Flags()
	f.StringVar(&o.name, "name", "", "name of the site (default: the cluster's)")
	f.StringVarP(&o.file, "output", "o", "", "file to write, 0600 (default: standard output)")
	f.BoolVar(&o.force, "force", false, "replace FILE")
	return c
}

func (a *app) runSiteImport(ctx context.Context, o siteImportOptions) error {
	taken := fmt.Errorf("%s is there already; give another -o FILE, or --force to replace it", o.file)
	if _, err := os.Lstat(o.file); a.far == nil && o.file != "" && !o.force && err == nil { // before anything is asked; a laptop looks by itself
		return taken
	}
	who, err := slurm.Me()
	if err != nil {
		return err
	}
	facts, err := slurm.New().Facts(ctx, who)
	if err != nil {
		return fmt.Errorf("importing the site: %w; this works where sinfo does", err)
	}
	s := v1alpha1.Site{Metadata: v1alpha1.Metadata{Name: o.name}, Spec: facts.Spec}
	if o.name == "" {
		s.Metadata.Name = site.NameOf(facts.Cluster)
	}
	var notes []site.Note
	for _, n := range facts.Notes {
		notes = append(notes, site.Note(n))
	}
	document, err := site.Document(s, []string{
		fmt.Sprintf("What Slurm %s said of its cluster %s to user %s on %s (assay site import).", facts.Spec.SlurmVersion, facts.Cluster, who.Name, time.Now().Format(time.DateOnly)),
		"A number that is not here is not known, or not limited. Comments say what could not be known, and how to find it out.",
	}, append(notes, site.Unknown(s)...))
	if err != nil {
		return exitError{exitManifest, err}
	}
	if o.file == "" {
		_, err := a.out.Write(document)
		return err
	}
	if err := a.save(o.file, document, o.force); errors.Is(err, fs.ErrExist) {
		return taken
	} else if err != nil {
		return fmt.Errorf("writing the site: %w", err)
	}
	a.note("%s written: read its comments, then type: assay doctor -f %s", o.file, o.file)
	return nil
}
