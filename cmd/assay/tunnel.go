package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/drivers/tunnel"
	"assay/reconciler/endpoints"
	"assay/reconciler/view"
	"assay/reconciler/view/text"
)

// tunnelOptions are the arguments and flags of `assay tunnel`.
type tunnelOptions struct {
	experiment, service string // empty: all
	format              string // json, yaml; empty: a table
	open                bool
}

func tunnelCmd(a *app, run func(context.Context, tunnelOptions) error) *cobra.Command {
	var o tunnelOptions
	c := &cobra.Command{
		Use:   "tunnel [EXPERIMENT [SERVICE]]",
		Short: "Print the ssh commands that reach running services from your own machine, or run them",
		Long: `tunnel prints, for each endpoint of each running service, the ssh command that forwards a local port to it through
the site's login host, and the URL to open then. No two commands use the same local port.

Run it where the ports are needed: whether a port is free is seen on the machine that runs assay.`,
		Args: args(cobra.MaximumNArgs(2)),
		RunE: func(c *cobra.Command, pos []string) error {
			pos = append(pos, "", "")
			o.experiment, o.service = pos[0], pos[1]
			if err := oneOf(o.format, "", "json", "yaml"); err != nil {
				return err
			}
			return run(c.Context(), o)
		},
	}
	c.Flags().StringVarP(&o.format, "output", "o", "", "json or yaml")
	c.Flags().BoolVar(&o.open, "open", false, "run ssh, and keep it until Ctrl-C")
	return c
}

// tunnelRow is the way to one endpoint, as -o json prints it.
type tunnelRow struct {
	Service   string   `json:"service"` // SERVICE, or SERVICE.COMPONENT
	Seat      string   `json:"seat"`
	Ready     bool     `json:"ready"`
	Endpoint  string   `json:"endpoint"`            // URL, as the nodes see it
	URL       string   `json:"url"`                 // what to open
	LocalPort int      `json:"localPort,omitempty"` // absent: the endpoint is reached without a tunnel
	Command   []string `json:"command,omitempty"`
	Password  string   `json:"passwordFile,omitempty"` // a generated secret of this server

	Key bool `json:"key,omitempty"` // clients have to send a key: assay key SERVICE

	experiment string
}

func (a *app) runTunnel(ctx context.Context, o tunnelOptions) error {
	st, site, err := a.current()
	if err != nil {
		return err
	}
	s, err := a.snapshot(ctx, st, site)
	if err != nil {
		return err
	}
	all, err := endpoints.List(ctx, st, s.Statuses, o.experiment, o.service, a.note)
	if err != nil {
		return err
	}
	if a.far != nil {
		return a.farTunnels(ctx, all, o)
	}
	rows, forwards, err := tunnels(all, site)
	if err != nil {
		return err
	}
	if err := a.showTunnels(rows, o.format); err != nil {
		return err
	}
	if site.Spec.Login.Host == "" {
		return a.explainNoLogin(all, site)
	}
	if !o.open {
		return nil
	}
	err = tunnel.Run(ctx, site, forwards, a.in, text.Raw(a.err), func() {
		for _, r := range rows {
			a.note("%s/%s: open %s", r.experiment, r.Service, r.URL)
		}
		a.note("Ctrl-C closes the tunnels.")
	})
	if errors.Is(err, context.Canceled) {
		a.note("Tunnels closed.")
		return nil
	}
	return err
}

// tunnels finds the way to each endpoint: a local port and a command, or, when the site has no login host, the endpoint
// itself where it is on this machine.
func tunnels(all []endpoints.Endpoint, site v1alpha1.Site) ([]tunnelRow, []tunnel.Forward, error) {
	var targets []*url.URL
	rows := make([]tunnelRow, len(all))
	for i, e := range all {
		targets = append(targets, e.URL)
		rows[i] = tunnelRow{Service: e.Service, Seat: e.Seat, Ready: e.Ready, Endpoint: e.URL.String(), Password: e.Password, Key: e.Key, experiment: e.Experiment}
		if site.Spec.Login.Host == "" && tunnel.Direct(e.URL) {
			rows[i].URL = rows[i].Endpoint
		}
	}
	if site.Spec.Login.Host == "" {
		return rows, nil, nil
	}
	forwards, err := tunnel.Forwards(targets)
	if err != nil {
		return nil, nil, err
	}
	for i, f := range forwards {
		rows[i].LocalPort, rows[i].URL = f.LocalPort, f.URL()
		if rows[i].Command, err = tunnel.Command(site, f); err != nil {
			return nil, nil, err
		}
	}
	return rows, forwards, nil
}

func (a *app) showTunnels(tunnels []tunnelRow, format string) error {
	if format != "" {
		var items []view.Object
		for _, t := range tunnels {
			items = append(items, view.New("Tunnel", view.Metadata{Name: t.Service, Experiment: t.experiment}, nil, t))
		}
		if err := a.list(format, items); err != nil {
			return err
		}
	} else {
		var rows [][]string
		for _, t := range tunnels {
			rows = append(rows, []string{t.experiment, t.Service, text.Dash(t.URL), text.Dash(tunnel.CommandLine(t.Command))})
		}
		a.table([]string{"EXPERIMENT", "SERVICE", "OPEN", "COMMAND"}, rows)
	}
	for _, t := range tunnels {
		if t.Password != "" {
			a.note("The password that was made for %s/%s is in %s", t.experiment, t.Service, t.Password)
		}
		if t.Key {
			a.note("%s/%s asks for a key, as Authorization: Bearer KEY; print it: assay key %[1]s/%[2]s", t.experiment, t.Service)
		}
	}
	return nil
}

// explainNoLogin is nil when every endpoint is on this machine, else an error that says what the site's file needs.
func (a *app) explainNoLogin(all []endpoints.Endpoint, site v1alpha1.Site) error {
	if far := slices.IndexFunc(all, func(e endpoints.Endpoint) bool { return !tunnel.Direct(e.URL) }); far >= 0 {
		return fmt.Errorf(`site %s does not say through which host %s is reached; write this into its file, and apply that (assay apply -f SITE.yaml):
  spec:
    login: {host: LOGIN.HOST, port: 22, user: YOU}`, site.Metadata.Name, all[far].URL.Host)
	}
	a.note("No tunnel is needed: these endpoints are on this machine.")
	return nil
}
