package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"assay/reconciler/store"
	"assay/reconciler/upgrade"
	"assay/reconciler/view/text"
)

// upgradeOptions are the flags of `assay upgrade`.
type upgradeOptions struct {
	check    bool
	releases string
}

// releasesVar names where releases are, for those who do not want to type it.
const releasesVar = "ASSAY_RELEASES"

func upgradeCmd(_ *app, run func(context.Context, upgradeOptions) error) *cobra.Command {
	var o upgradeOptions
	c := &cobra.Command{
		Use:   "upgrade --check",
		Short: "Say which versions of assay are at work here, and whether there is a newer one; changes nothing",
		Long: `upgrade --check prints this assay, the format of the state directory, the controller, the jobs by the assay that they run,
and, with --releases, the newest release there is. It asks no network without --releases, and changes nothing.

A new binary takes the place of the old one by a copy or a package. Jobs go on with the assay that they began with; a
controller has the new one once it is started again: assay controller stop, assay controller --detach.`,
		Args: args(cobra.NoArgs),
		RunE: verb(&o, run, func([]string) error {
			if !o.check {
				return errors.New("upgrade only looks; type: assay upgrade --check")
			}
			o.releases = cmp.Or(o.releases, os.Getenv(releasesVar))
			return nil
		}),
	}
	c.Flags().BoolVar(&o.check, "check", false, "look, and change nothing")
	c.Flags().StringVar(&o.releases, "releases", "", "folder or URL with the SHA256SUMS of `make release` (default: $"+releasesVar+", else none)")
	return c
}

func (a *app) runUpgrade(ctx context.Context, o upgradeOptions) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	rows := [][]string{{"this assay", versionString(), self}}
	others, err := a.assays(ctx)
	if err != nil {
		return err
	}
	rows = append(rows, others...)
	var newest upgrade.Release
	if o.releases != "" {
		if newest, err = upgrade.Newest(ctx, o.releases); err != nil {
			return err
		}
		rows = append(rows, []string{"newest release", newest.Version, newest.File})
	}
	text.Table(a.out, []string{"WHAT", "VERSION", "WHERE"}, rows)
	switch {
	case o.releases == "":
		a.note("No place of releases is known; name one: assay upgrade --check --releases URL|FOLDER")
	case !upgrade.Comparable(versionString()):
		a.note("This assay is the build of a commit, %s, which has no place among releases. SHA-256 of the newest: %s", versionString(), newest.SHA256)
	case upgrade.Compare(newest.Version, versionString()) > 0:
		a.note("%s is newer. SHA-256: %s. Put it in the place of %s; jobs go on, and a controller has it once it is started again", newest.Version, newest.SHA256, self)
	default:
		a.note("Nothing newer is there.")
	}
	return nil
}

// assays are the state directory and what acts in it, a row each.
func (a *app) assays(ctx context.Context) (rows [][]string, err error) {
	s, err := a.site()
	if err == nil {
		s, err = a.complete(s)
	}
	if err != nil {
		return nil, err
	}
	dir := s.Spec.Paths.State
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		return [][]string{{"state directory", "-", dir + " (not made yet)"}}, nil
	}
	st, err := store.Open(dir, store.Options{})
	if err != nil {
		return nil, err
	}
	format, err := st.Format()
	if err != nil {
		return nil, err
	}
	says := fmt.Sprintf("format %d", format)
	switch {
	case format > store.Format:
		says += fmt.Sprintf(": a newer assay made it, and this one knows %d", store.Format)
	case format > 0 && format < store.Format:
		says += fmt.Sprintf(": the next verb that acts makes it %d, which older assays refuse", store.Format)
	}
	rows = append(rows, []string{"state directory", says, dir})
	if format > store.Format {
		return rows, nil
	}
	parts, err := upgrade.Running(ctx, st)
	for _, p := range parts {
		where := p.Where
		if p.Why != "" {
			where += " (" + p.Why + ")"
		}
		rows = append(rows, []string{p.What, text.Dash(p.Version), where})
	}
	return rows, err
}
