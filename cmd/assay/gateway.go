package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/spf13/cobra"

	"assay/drivers"
	"assay/drivers/service/gateway"
	"assay/reconciler"
	"assay/reconciler/endpoints"
	"assay/reconciler/store"
)

// gatewayOptions are the flags of `assay gateway`.
type gatewayOptions struct{ listen, servers string }

func gatewayCmd(_ *app, run func(context.Context, gatewayOptions) error) *cobra.Command {
	var o gatewayOptions
	c := &cobra.Command{Use: "gateway", Short: "Pass requests on to servers that a file lists", Hidden: true, Args: args(cobra.NoArgs), RunE: verb(&o, run)}
	c.Flags().StringVar(&o.listen, "listen", "127.0.0.1:8000", "address")
	c.Flags().StringVar(&o.servers, "servers", "", "file that lists the servers")
	return c
}

func (a *app) runGateway(ctx context.Context, o gatewayOptions) error {
	return gateway.ListenAndServe(ctx, o.listen, o.servers, slog.New(slog.NewTextHandler(a.err, nil)))
}

// proxyOptions are the arguments and flags of `assay proxy`.
type proxyOptions struct {
	service string
	listen  string
}

func proxyCmd(a *app, run func(context.Context, proxyOptions) error) *cobra.Command {
	var o proxyOptions
	c := &cobra.Command{
		Use: "proxy [EXPERIMENT/]SERVICE", Short: "Serve a service at an address of this machine, wherever its jobs run",
		Long: `proxy listens on loopback and passes requests on to the Ready replicas of a service, that with the fewest requests first.
It follows them through restarts, renewals and new nodes, and adds the service's key. Only your own programs can use it.
Ctrl-C ends it when the requests under way are answered.

  assay proxy llm &
  curl http://127.0.0.1:8000/v1/models`,
		Args: args(cobra.ExactArgs(1)), RunE: verb(&o, run, first(&o.service)),
	}
	c.Flags().StringVar(&o.listen, "listen", "127.0.0.1:8000", "loopback address; port 0: a free one")
	return c
}

func (a *app) runProxy(ctx context.Context, o proxyOptions) error {
	if err := onLoopback(o.listen); err != nil {
		return err
	}
	g := gateway.New(slog.New(slog.NewTextHandler(a.err, nil)))
	g.AddKey = true
	if err := a.serversOf(ctx, g, o.service); err != nil {
		return err
	}
	l, err := a.listenOwn(o.listen)
	if err != nil {
		return fmt.Errorf("listening for %s: %w; choose another address with --listen", o.service, err)
	}
	a.note("%s is at http://%s; Ctrl-C ends this.", o.service, l.Addr())
	go func() {
		for ctx.Err() == nil {
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
				if err := a.serversOf(ctx, g, o.service); err != nil && ctx.Err() == nil {
					a.note("The servers stay as they are: %s", err)
				}
			}
		}
	}()
	return g.Serve(ctx, l)
}

// onLoopback refuses an address that others can reach.
func onLoopback(address string) error {
	host, _, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("--listen %s is no loopback address: proxy adds the service's key, so nobody else may reach it; write 127.0.0.1:PORT", address)
	}
	return nil
}

// listenOwn listens for the user's own programs, on the machine on which the verb was typed.
func (a *app) listenOwn(address string) (net.Listener, error) {
	if a.far != nil {
		return a.far.Listener()
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	return gateway.Own(l), nil
}

// serversOf gives a proxy the servers of a service as they are now. A service without any is not an error.
func (a *app) serversOf(ctx context.Context, g *gateway.Gateway, name string) error {
	st, site, err := a.current()
	if err != nil {
		return err
	}
	heads, err := st.Heads()
	if _, err = store.Tolerate(err); err != nil {
		return err
	}
	experiment, service, key, _, err := reconciler.Named(heads, compileService, name)
	if err != nil {
		return err
	}
	s, err := a.snapshot(ctx, st, site)
	if err != nil {
		return err
	}
	var servers []drivers.Upstream
	all, _ := endpoints.List(ctx, st, s.Statuses, experiment, service, func(string, ...any) {}) // none is no error: requests wait
	for _, e := range all {
		if e.Ready && e.Service == service {
			servers = append(servers, drivers.Upstream{URL: e.URL.Scheme + "://" + e.URL.Host, Key: key})
		}
	}
	g.Set(servers)
	return nil
}
