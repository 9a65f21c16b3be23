package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/drivers/site"
	"assay/reconciler/view"
	"assay/reconciler/view/text"
)

// siteCmd holds what can be done with sites, one thing a command. A site becomes known by assay apply.
func siteCmd(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "site",
		Short: "List, show, import and forget sites",
		Args:  args(cobra.NoArgs),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(siteListCmd(a.runGet), siteShowCmd(a.runSiteShow), siteImportCmd(a.runSiteImport), siteDeleteCmd(a.runSiteDelete))
	return c
}

// siteOptions are the arguments and flags of `assay site show` and `delete`.
type siteOptions struct {
	name, format string
	yes          bool
}

func siteListCmd(run func(context.Context, getOptions) error) *cobra.Command {
	o := getOptions{refs: []view.Reference{{Kind: "sites"}}}
	c := &cobra.Command{Use: "list", Short: "List the sites that assay knows; * is the default", Args: args(cobra.NoArgs),
		RunE: verb(&o, run, func([]string) error { return o.parse([]string{"sites"}) })}
	c.Flags().StringVarP(&o.format, "output", "o", "", "json, yaml, name or tsv")
	return c
}

func siteShowCmd(run func(context.Context, siteOptions) error) *cobra.Command {
	var o siteOptions
	c := &cobra.Command{Use: "show NAME", Short: "Print a site as it is known, with its defaults", Args: args(cobra.ExactArgs(1)),
		RunE: verb(&o, run, first(&o.name), func([]string) error { return oneOf(o.format, "json", "yaml") })}
	c.Flags().StringVarP(&o.format, "output", "o", "yaml", "json or yaml")
	return c
}

func siteDeleteCmd(run func(context.Context, siteOptions) error) *cobra.Command {
	var o siteOptions
	c := &cobra.Command{Use: "delete NAME", Short: "Forget a site; its state directory, and what runs there, stay", Args: args(cobra.ExactArgs(1)), RunE: verb(&o, run, first(&o.name))}
	c.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	return c
}

// knownSite is the site of a name.
func knownSite(name string) (v1alpha1.Site, error) {
	known, err := knownSites()
	if err != nil {
		return v1alpha1.Site{}, err
	}
	s, ok := known[name]
	if !ok {
		return s, fmt.Errorf("no site %q is known; those that are: assay site list", name)
	}
	return s, nil
}

func (a *app) runSiteShow(_ context.Context, o siteOptions) error {
	s, err := knownSite(o.name)
	if err != nil {
		return err
	}
	return a.print(o.format, s)
}

func (a *app) runSiteDelete(_ context.Context, o siteOptions) error {
	if o.name == site.Local {
		return exitError{exitUsage, errors.New("site local is built in, and cannot be forgotten")}
	}
	s, err := knownSite(o.name)
	if errors.Is(err, site.ErrInvalid) { // forgetting it is a way out
		s.Metadata.Name, err = o.name, nil
	} else if err == nil {
		s, err = site.Complete(s, a.stateDir)
	}
	if err != nil {
		return err
	}
	if err := a.confirm(o.yes, "Forget site "+o.name+"?", "site "+o.name+" is still known", "add --yes"); err != nil {
		return err
	}
	if err := site.Forget(o.name); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("no site %q is known; those that are: assay site list", o.name)
	} else if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "site/%s forgotten\n", o.name)
	a.note("Its state directory, and what runs there, is as it was: %s", text.Dash(s.Spec.Paths.State))
	return nil
}
