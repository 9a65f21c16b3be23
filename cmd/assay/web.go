package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/prometheus"
	"assay/reconciler/plan"
	"assay/reconciler/store"
	"assay/reconciler/view"
	"assay/reconciler/view/text"
	live "assay/reconciler/web"
)

// previewTime is how long the planner may look before a page is shown without what it wants next.
const previewTime = 1800 * time.Millisecond

// webOptions are the flags of `assay web`.
type webOptions struct {
	listen string
	act    bool
}

func webCmd(_ *app, run func(context.Context, webOptions) error) *cobra.Command {
	var o webOptions
	c := &cobra.Command{
		Use:   "web",
		Short: "Show experiments, jobs, runs and results on a live page in a browser",
		Long: `web serves a page on loopback that shows what get, describe, plan, compare and logs print, as it is now, with the same as JSON
beside it (/api documents it). It prints the address with its token, and serves until Ctrl-C. Over a context the page is on
this machine, and shows the site.

Whoever has the first address may read. With --allow-actions a second one is printed, which may also suspend, resume, rerun and
delete; each of these becomes an event. A controller shows the page itself with assay controller --web.`,
		Args: args(cobra.NoArgs),
		RunE: verb(&o, run),
	}
	c.Flags().StringVar(&o.listen, "listen", "127.0.0.1:0", "loopback address; port 0: a free one")
	c.Flags().BoolVar(&o.act, "allow-actions", false, "print an address that may also act")
	return c
}

func (a *app) runWeb(ctx context.Context, o webOptions) error {
	if o.act {
		a.caution = refuse
	}
	st, site, err := a.current()
	if err != nil {
		return err
	}
	p, err := a.livePage(ctx, st, site, o)
	if err != nil {
		return err
	}
	defer p.close()
	fmt.Fprintln(a.out, p.address(p.options.Token))
	if o.act {
		fmt.Fprintln(a.out, p.address(p.options.Act))
		a.note("Open one of them in a browser on this machine. The first may read, the second may also act. Ctrl-C ends the page.")
	} else {
		a.note("Open it in a browser on this machine. Ctrl-C ends the page.")
	}
	return p.serve(ctx)
}

// livePage is a page that listens, and is not served yet.
type livePage struct {
	options  live.Options
	listener net.Listener
	url      string
	close    func()
}

func (p *livePage) address(token string) string { return p.url + "/?token=" + token }

func (p *livePage) serve(ctx context.Context) error {
	if err := live.New(ctx, p.options).Serve(ctx, p.listener); err != nil {
		return err
	}
	return ctx.Err()
}

func (a *app) livePage(ctx context.Context, st *store.Store, site v1alpha1.Site, o webOptions) (*livePage, error) {
	p := &livePage{options: a.webOptions(st, site)}
	var err error
	if p.options.Token, err = madeToken(st, drivers.WebToken); err != nil {
		return nil, err
	}
	if o.act {
		if p.options.Act, err = madeToken(st, drivers.ActToken); err != nil {
			return nil, err
		}
	}
	if a.far != nil {
		p.listener, err = a.far.Listener()
	} else {
		p.listener, err = live.Listen(o.listen)
	}
	if err != nil {
		return nil, err
	}
	p.url = "http://" + p.listener.Addr().String()
	forget := func() {}
	if a.far == nil { // over a context the port is the laptop's
		if forget, err = st.ServesPage(p.url); err != nil {
			_ = p.listener.Close()
			return nil, err
		}
	}
	p.close = func() { _ = p.listener.Close(); forget() }
	return p, nil
}

func madeToken(st *store.Store, name string) (string, error) {
	file, err := st.Token(name)
	if err != nil {
		return "", err
	}
	return drivers.ReadToken(file)
}

// webOptions are what a page reads, as get, plan, compare and gate read it, and how it acts.
func (a *app) webOptions(st *store.Store, site v1alpha1.Site) live.Options {
	var loop *runner
	return live.Options{
		Store: st, Site: site, Version: versionString(), Read: a.reader(st, site).Read, Results: resultsOf(st), Do: a.carriesOut(st, site),
		Sites: func() ([]view.Object, error) { return a.sites("") },
		Next: func(ctx context.Context) (_ []plan.Step, err error) {
			if loop == nil {
				if loop, err = a.newLoop(st, site, nil); err != nil {
					loop = nil
					return nil, err
				}
			}
			ctx, cancel := context.WithTimeout(ctx, previewTime)
			defer cancel()
			return loop.Preview(ctx, nil)
		},
		Series: func(ctx context.Context, expression string, from, to time.Time, step time.Duration) ([]drivers.Series, error) {
			client, err := a.runningPrometheus(st, site)
			if err != nil {
				return nil, err
			}
			return client.Range(ctx, expression, from, to, step)
		},
		Report: func(ctx context.Context, experiment, format string) ([]byte, error) {
			r, err := a.report(ctx, st, site, experiment)
			if err != nil {
				return nil, err
			}
			return rendered(r, format)
		},
		Average: func(ctx context.Context, expression string, parts []drivers.Span) (float64, error) {
			client, err := a.runningPrometheus(st, site)
			if err != nil {
				return 0, err
			}
			return client.Average(ctx, expression, parts, scrapeEvery)
		},
	}
}

// runningPrometheus is the site's or the running controller's; drivers.ErrUnavailable without one. A page starts none.
func (a *app) runningPrometheus(st *store.Store, site v1alpha1.Site) (*prometheus.Client, error) {
	client, _, err := a.livePrometheus(st, site)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", drivers.ErrUnavailable, err)
	}
	return client, nil
}

// carriesOut carries wishes out: each is the verb of its name, typed here. Where a controller does the work the verb does not wait for it;
// else the verb runs the loop itself, as it does in a terminal.
func (a *app) carriesOut(st *store.Store, site v1alpha1.Site) func(context.Context, live.Wish) (string, error) {
	return func(ctx context.Context, w live.Wish) (string, error) {
		_, holds, err := st.Holder()
		if err != nil {
			return "", err
		}
		words := append([]string{"--context", "local"}, a.same(site, st.Dir())...)
		words = append(words, w.Verb, fmt.Sprintf("--wait=%v", !holds))
		switch w.Verb {
		case "rerun":
			words = append(words, "--", w.Experiment+"/"+w.Run)
		case "delete":
			words = append(words, "--yes", "--", "experiment", w.Experiment)
		default:
			words = append(words, "--", w.Experiment)
		}
		var said bytes.Buffer
		code := runApp(ctx, &app{in: strings.NewReader(""), out: &said, err: &said}, words)
		if code != 0 {
			return said.String(), fmt.Errorf("it ended with exit code %d", code)
		}
		return said.String(), nil
	}
}

// besideLoop serves a page beside a controller's loop, if one is asked for, until the page is closed.
func (a *app) besideLoop(ctx context.Context, st *store.Store, site v1alpha1.Site, o webOptions) (closePage func(), err error) {
	if o.listen == "" {
		return func() {}, nil
	}
	p, err := a.livePage(ctx, st, site, o)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := p.serve(ctx); err != nil && !errors.Is(err, context.Canceled) {
			a.note("The live page has ended: %v", err)
		}
	}()
	if text.IsTerminal(a.err) { // a log is no place for a token
		a.note("Live page: %s", p.address(p.options.Token))
	} else {
		a.note("Live page: %s, with the token in %s", p.url, drivers.SecretFile(st.Dir(), drivers.WebToken))
	}
	return func() { cancel(); <-ended; p.close() }, nil
}
