package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/source"
	"assay/reconciler"
	"assay/reconciler/resident"
	"assay/reconciler/store"
)

// controllerOptions are the flags of `assay controller` and its verbs.
type controllerOptions struct {
	detach, inJob, standby bool
	health                 string
	web                    string // where a live page is; empty: there is none
	place                  resident.Place
	time                   time.Duration
	what                   string // print: of what
}

func controllerCmd(a *app, run func(context.Context, controllerOptions) error) *cobra.Command {
	var o controllerOptions
	c := &cobra.Command{
		Use:   "controller",
		Short: "Keep reality as declared until interrupted; apply, watch and sync then hand over to it",
		Long: `controller holds the lease of the state directory and runs the loop. Exit code 5: another one holds it.

  assay controller --detach      in the background, with its log in the state directory; assay controller stop ends it
  assay controller --in-job      inside an allocation, for clusters whose login nodes allow no long-running tasks; its job is
                                 renewed in time, and assay delete experiment controller ends it
  assay controller --standby     wait for the lease, and take it when its holder ends or is gone
  assay controller print WHAT    systemd: a user unit; scrontab: lines for scrontab -e; manifest: what --in-job applies

It says how it is at the address of --health (assay get listeners shows it): /healthz, /readyz, and /metrics with the token.`,
		Args: args(cobra.NoArgs),
		RunE: verb(&o, run, func([]string) error {
			if o.detach && o.inJob {
				return errors.New("--detach runs it on this machine and --in-job in an allocation; choose one")
			}
			if o.inJob && o.web != "" {
				return errors.New("--web is for a controller on this machine; beside one in an allocation type: assay web")
			}
			return nil
		}),
	}
	f := c.Flags()
	f.BoolVar(&o.detach, "detach", false, "run in the background")
	f.BoolVar(&o.inJob, "in-job", false, "run inside an allocation")
	f.BoolVar(&o.standby, "standby", false, "wait while another one holds the lease")
	f.StringVar(&o.health, "health", "127.0.0.1:0", "where it says how it is; port 0: a free one")
	f.StringVar(&o.web, "web", "", "serve the live page, too (assay web); port 0: a free one")
	f.Lookup("web").NoOptDefVal = "127.0.0.1:0"
	pf := c.PersistentFlags()
	pf.StringVar(&o.place.Partition, "partition", "", "of its job")
	pf.StringVar(&o.place.QOS, "qos", "", "of its job")
	pf.DurationVar(&o.time, "time", 0, "walltime of each of its jobs (default: the site's)")
	c.AddCommand(
		&cobra.Command{Use: "stop", Short: "End the controller that runs on this machine; what it runs goes on", Args: args(cobra.NoArgs),
			RunE: func(c *cobra.Command, _ []string) error { return a.stopController(c.Context()) }},
		&cobra.Command{Use: "print systemd|scrontab|manifest", Short: "Print what keeps a controller running", Args: args(cobra.ExactArgs(1)),
			ValidArgs: []string{"systemd", "scrontab", "manifest"},
			RunE:      verb(&o, a.printController, first(&o.what))},
	)
	return c
}

func (a *app) runController(ctx context.Context, o controllerOptions) error {
	st, site, err := a.current()
	if err != nil {
		return err
	}
	switch {
	case o.inJob:
		return a.controllerInJob(ctx, site, st.Dir(), o)
	case o.detach:
		return a.detachController(ctx, st, site, o)
	}
	h := &resident.Health{Metrics: filepath.Join(st.Dir(), reconciler.MetricsFile), Token: func() string {
		token, _ := drivers.ReadToken(drivers.SecretFile(st.Dir(), drivers.ScrapeToken)) // without one nobody gets in
		return token
	}}
	url, stop, err := h.Serve(o.health, st.Dir())
	if err != nil {
		return err
	}
	defer stop()
	closePage, err := a.besideLoop(ctx, st, site, webOptions{listen: o.web})
	if err != nil {
		return err
	}
	defer closePage()
	for said := false; ; {
		err := a.withLoop(ctx, st, site, resident.What, func(ctx context.Context, r *runner) error {
			if err := resident.Tell(url, st.Dir()); err != nil {
				a.note("%v", err)
			}
			a.note("Controlling site %s, state in %s, health at %s/healthz. %s", site.Metadata.Name, st.Dir(), url, r.prometheusLine())
			<-ctx.Done()
			return context.Cause(ctx)
		}, h)
		held, ok := errors.AsType[*store.HeldError](err)
		if !ok || !o.standby {
			return err
		}
		if !said {
			a.note("Standing by: %s (pid %d on %s) holds the lease.", held.Holder.What, held.Holder.PID, held.Holder.Host)
			said = true
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(takeOverEvery):
		}
	}
}

// same is how another process is told which state directory and site are meant.
func (a *app) same(site v1alpha1.Site, state string) []string {
	return []string{"--state", state, "--site", site.Metadata.Name}
}

func (a *app) detachController(ctx context.Context, st *store.Store, site v1alpha1.Site, o controllerOptions) error {
	if h, holds, err := st.Holder(); err == nil && holds && !o.standby {
		return exitError{exitLeaseHeld, &store.HeldError{Holder: h}}
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding assay's own binary: %w", err)
	}
	if self, err = st.InstallBinary(self); err != nil {
		return err
	}
	log := filepath.Join(st.Dir(), resident.LogFile)
	argv := append(a.same(site, st.Dir()), "controller", "--health", o.health)
	if o.web != "" {
		argv = append(argv, "--web="+o.web)
	}
	pid, err := resident.Start(ctx, st, self, argv, log)
	if err != nil {
		return err
	}
	a.note("The controller runs: pid %d, log %s. Stop it with: assay controller stop", pid, log)
	return nil
}

func (a *app) stopController(ctx context.Context) error {
	st, _, err := a.current()
	if err != nil {
		return err
	}
	h, err := resident.Stop(ctx, st)
	if errors.Is(err, resident.ErrNone) {
		a.note("No controller runs.")
		return nil
	}
	if err == nil {
		a.note("The controller (pid %d) has ended. What it ran goes on, and nobody looks after it; start another with: assay controller", h.PID)
	}
	return err
}

// controllerInJob keeps a controller in an allocation. It runs the loop itself until that one is up, and then leaves it the lease.
func (a *app) controllerInJob(ctx context.Context, site v1alpha1.Site, state string, o controllerOptions) error {
	text, err := a.controllerManifest(site, state, o)
	if err != nil {
		return err
	}
	return a.apply(ctx, source.Input{Files: []v1alpha1.File{{Name: "controller --in-job", Data: []byte(text)}}, Origin: source.Here("controller")}, applyOptions{wait: true})
}

func (a *app) controllerManifest(site v1alpha1.Site, state string, o controllerOptions) (string, error) {
	o.place.Time = v1alpha1.Duration(o.time)
	return resident.Manifest(site, state, os.Getenv("XDG_CONFIG_HOME"), o.place)
}

func (a *app) printController(_ context.Context, o controllerOptions) error {
	st, site, err := a.current()
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding assay's own binary: %w", err)
	}
	argv := append([]string{self}, append(a.same(site, st.Dir()), "controller")...)
	var text, how string
	switch o.what {
	case "systemd":
		text, how = resident.Systemd(site, argv), "Put it into ~/.config/systemd/user/assay.service, then: systemctl --user enable --now assay; loginctl enable-linger"
	case "scrontab":
		o.place.Partition, o.place.QOS = cmp.Or(o.place.Partition, site.Spec.Defaults.Partition), cmp.Or(o.place.QOS, site.Spec.Defaults.QOS)
		o.place.Time = v1alpha1.Duration(cmp.Or(o.time, site.Spec.Defaults.Time.Std()))
		text, how = resident.Scrontab(site, o.place, argv), "Put it into what scrontab -e opens."
	case "manifest":
		text, err = a.controllerManifest(site, st.Dir(), o)
		how = "Apply it, or put its service into a group of another experiment: it runs there as well."
	default:
		return exitError{exitUsage, fmt.Errorf("%s is none of systemd, scrontab, manifest", o.what)}
	}
	if err != nil {
		return err
	}
	fmt.Fprint(a.out, text)
	a.note("%s", how)
	return nil
}
