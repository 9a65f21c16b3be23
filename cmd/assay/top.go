package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/reconciler/store"
	"assay/reconciler/top"
	"assay/reconciler/view"
	"assay/reconciler/view/text"
)

// topEvery is how often top looks again.
const topEvery = 2 * time.Second

// topOptions are the arguments and flags of `assay top`.
type topOptions struct {
	parts  []string
	once   bool
	format string // json, yaml; empty: tables
}

func topCmd(_ *app, run func(context.Context, topOptions) error) *cobra.Command {
	var o topOptions
	c := &cobra.Command{
		Use:   "top [services|nodes|queue]...",
		Short: "Show what services, GPUs and nodes do now, and which jobs wait",
		Long: `top shows services with their requests, tokens and cache, the GPUs and nodes of their jobs, and the jobs that wait with the
scheduler's reason and estimate. On a terminal it looks again every two seconds until q or Ctrl-C; elsewhere, and with -n,
it prints once.

Figures are Prometheus': the site's, or the one of the controller, apply, watch or sync that runs. What is not known is a
dash, and a line below says why.`,
		RunE: verb(&o, run, func(pos []string) error {
			if o.parts = slices.Clone(top.Parts); len(pos) > 0 {
				o.parts = slices.Clone(pos)
			}
			for i, p := range o.parts {
				if kind, err := view.Kind(p); err == nil {
					o.parts[i] = kind
				}
				if !slices.Contains(top.Parts, o.parts[i]) {
					return fmt.Errorf("top shows no %q; it shows %s", p, strings.Join(top.Parts, ", "))
				}
			}
			return oneOf(o.format, "", "json", "yaml")
		}),
	}
	c.ValidArgs = top.Parts
	c.Flags().BoolVarP(&o.once, "once", "n", false, "print once, also on a terminal")
	c.Flags().StringVarP(&o.format, "output", "o", "", "json or yaml, once")
	return c
}

func (a *app) runTop(ctx context.Context, o topOptions) error {
	st, site, err := a.current()
	if err != nil {
		return err
	}
	reader := a.reader(st, site)
	if o.once || o.format != "" || !text.IsTerminal(a.out) {
		s, err := a.topState(ctx, st, site, reader)
		if err != nil {
			return err
		}
		if o.format != "" {
			return a.print(o.format, s)
		}
		text.Lines(a.out, s.Lines(o.parts, 0, 0, text.Colours(a.out), time.Now()))
		return nil
	}
	keys, restore := text.Keys(a.in)
	defer restore()
	page := text.NewPage(a.out)
	defer page.Close()
	tick := time.NewTicker(topEvery)
	defer tick.Stop()
	resized := text.Resized(ctx, a.out)
	for {
		s, err := a.topState(ctx, st, site, reader)
		if ctx.Err() != nil {
			return nil // Ctrl-C is how it ends
		}
		if err != nil {
			return err
		}
		for again := false; !again; {
			lines, columns := text.Size(a.out)
			page.Show(s.Lines(o.parts, lines, columns, text.Colours(a.out), time.Now()))
			select {
			case <-ctx.Done():
				return nil
			case k := <-keys:
				if k == 'q' || k == 'Q' {
					return nil
				}
			case <-resized:
			case <-tick.C:
				again = true
			}
		}
	}
}

// topState is what is there now. A Prometheus that does not answer is a note.
func (a *app) topState(ctx context.Context, st *store.Store, site v1alpha1.Site, reader *view.Reader) (top.State, error) {
	snapshot, err := reader.Read(ctx)
	if err != nil {
		return top.State{}, err
	}
	var ask top.Ask
	client, check, why := a.livePrometheus(st, site)
	if why == nil {
		ask = client.Samples
	} else {
		why = fmt.Errorf("%w; while a controller runs there is one: assay controller", why)
	}
	s := top.Read(ctx, snapshot.Statuses, ask, why, time.Now())
	if ask != nil {
		if err := check(); err != nil {
			s.Notes = append(s.Notes, err.Error())
		}
	}
	if note := snapshot.Note(); note != "" {
		s.Notes = append(s.Notes, note)
	}
	return s, nil
}
