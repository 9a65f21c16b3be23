package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"assay/drivers"
	"assay/drivers/service/gateway"
	"assay/reconciler"
	"assay/reconciler/endpoints"
	"assay/reconciler/store"
	"assay/reconciler/view"
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
	l, err := a.listenOwn(o.listen)
	if err != nil {
		return fmt.Errorf("listening for %s: %w", o.service, err)
	}
	defer l.Close()
	g := gateway.New(slog.New(slog.NewTextHandler(a.err, nil)))
	g.AddKey = true
	st, site, err := a.current()
	if err != nil {
		return err
	}
	p := proxied{name: o.service, compile: compileService, store: st, heads: store.HeadsReader{Store: st}, reader: a.reader(st, site)}
	servers, err := p.servers(ctx)
	if err != nil {
		return err
	}
	g.Set(servers)
	a.note("%s is at http://%s; Ctrl-C ends this.", o.service, l.Addr())
	go func() {
		for ctx.Err() == nil {
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
				if servers, err := p.servers(ctx); err == nil {
					g.Set(servers)
				} else if ctx.Err() == nil {
					a.note("The servers stay as they are: %s", err)
				}
			}
		}
	}()
	return g.Serve(ctx, l)
}

// listenOwn listens for the user's own programs, on the machine on which the verb was typed.
func (a *app) listenOwn(address string) (net.Listener, error) {
	if a.far != nil {
		return a.far.Listener()
	}
	return gateway.OwnPort(address)
}

// proxied follows one service. What does not change from one look to the next is neither opened nor compiled again.
type proxied struct {
	name    string
	compile reconciler.Compiler
	store   *store.Store
	heads   store.HeadsReader
	reader  *view.Reader

	head                     store.Revision // for which the following holds
	experiment, service, key string
}

// servers are the service's servers as they are now. A service without any is not an error: requests wait.
func (p *proxied) servers(ctx context.Context) (out []drivers.Upstream, err error) {
	heads, err := p.heads.Heads(time.Now())
	if _, err = store.Tolerate(err); err != nil {
		return nil, err
	}
	same := func(r store.Revision) bool {
		return r.Experiment == p.head.Experiment && r.Hash == p.head.Hash && r.Generation == p.head.Generation
	}
	if !slices.ContainsFunc(heads, same) {
		if p.experiment, p.service, p.key, _, err = reconciler.Named(heads, p.compile, p.name); err != nil {
			return nil, err
		}
		p.head = heads[slices.IndexFunc(heads, func(r store.Revision) bool { return r.Experiment == p.experiment })]
	}
	s, err := p.reader.Read(ctx)
	if err != nil {
		return nil, err
	}
	all, _ := endpoints.List(ctx, p.store, s.Statuses, p.experiment, p.service, func(string, ...any) {})
	for _, e := range all {
		if e.Ready && e.Service == p.service {
			out = append(out, drivers.Upstream{URL: e.URL.Scheme + "://" + e.URL.Host, Key: p.key})
		}
	}
	return out, nil
}
