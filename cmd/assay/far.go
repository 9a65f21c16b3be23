package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/drivers/durable"
	"assay/drivers/remote"
	"assay/drivers/source"
	"assay/drivers/tunnel"
	"assay/reconciler/bundle"
	"assay/reconciler/endpoints"
	"assay/reconciler/results"
	"assay/reconciler/results/resultset"
	"assay/reconciler/store"
)

// remoteServeOptions are the arguments of `assay remote-serve`.
type remoteServeOptions struct{ sum string }

func remoteServeCmd(_ *app, run func(context.Context, remoteServeOptions) error) *cobra.Command {
	var o remoteServeOptions
	return &cobra.Command{Use: "remote-serve SUM", Short: "Run a verb that was typed on a laptop", Hidden: true, Args: args(cobra.ExactArgs(1)), RunE: verb(&o, run, first(&o.sum))}
}

func (a *app) runRemoteServe(ctx context.Context, o remoteServeOptions) error {
	if err := remote.Verify(o.sum); err != nil {
		fmt.Fprintln(os.Stderr, err) // its first word is for the laptop
		return exitError{code: 1}
	}
	out := os.Stdout
	os.Stdout = os.Stderr // nothing else gets between what the two sides say
	return remote.Serve(ctx, os.Stdin, out, func(ctx context.Context, s *remote.Session) int {
		return runApp(ctx, &app{in: s.In(), out: s.Out(), err: s.Err(), far: s}, s.Args())
	})
}

// sentManifest is what the laptop read of -f.
func (a *app) sentManifest() (source.Input, error) {
	m, ok := a.far.Manifest()
	switch {
	case !ok:
		return source.Input{}, errors.New("the laptop has sent no manifest")
	case m.Problem != "":
		return source.Input{}, errors.New(m.Problem)
	}
	return source.Input{Files: m.Files, Origin: m.Origin, Folders: m.Folders}, nil
}

// edits follows files of the laptop; nil: the files are here.
func (a *app) edits() *source.Feed {
	if a.far == nil {
		return nil
	}
	feed := source.NewFeed()
	a.far.Edits(func(m remote.Manifest) {
		feed.Put(source.Snapshot{Files: m.Files, Folders: m.Folders, Origin: m.Origin, Problem: m.Problem, Stamp: m.Stamp, Heads: m.Heads})
	})
	return feed
}

// secrets reads those of a manifest where it was typed. A repository that is followed is the site's.
func (a *app) secrets() func(v1alpha1.ExperimentDoc, func(string) (string, error)) (v1alpha1.ExperimentDoc, error) {
	return source.SecretsBy(a.readsSecret())
}

// readsSecret reads one secret.
func (a *app) readsSecret() func(v1alpha1.Secret) (string, error) {
	if a.far != nil {
		if _, ok := a.far.Manifest(); ok {
			return a.far.Secret
		}
	}
	return source.Secret
}

// placeSent names the place here of every file that experiments name by its path on the laptop.
func (a *app) placeSent(m v1alpha1.Manifest, s v1alpha1.Site) error {
	if a.far == nil {
		return nil
	}
	s, err := a.complete(s)
	if err == nil {
		a.far.PlaceAll(m, filepath.Join(s.Spec.Paths.State, store.SentFiles))
	}
	return err
}

// save writes a file where the verb was typed, for its user alone. Without replace none of its name may be there: fs.ErrExist.
func (a *app) save(name string, b []byte, replace bool) error {
	switch {
	case a.far != nil: // the laptop knows whether it may be replaced
		return a.far.Save(name, func(w io.Writer) error { _, err := w.Write(b); return err })
	case replace:
		return durable.Writer{}.Replace(name, b, nil)
	}
	return durable.Writer{}.Create(name, b, nil)
}

// saveBundle writes an archive where the verb was typed.
func (a *app) saveBundle(ctx context.Context, b *bundle.Bundle, name string, progress func(done, total int, name string)) (saved bundle.Saved, err error) {
	if a.far == nil {
		return b.Save(ctx, name, progress)
	}
	err = a.far.SaveMade(name, func(path string) (err error) { saved, err = b.Save(ctx, path, progress); return err })
	return saved, err
}

// results reads what a reference names; a file is the laptop's.
func (a *app) results(read resultset.Reader, ref string) (rows []results.Row, err error) {
	path, ok := strings.CutPrefix(ref, "file:")
	if !ok || a.far == nil {
		return read.Results(ref)
	}
	err = a.far.Borrow(path, func(here string) (err error) { rows, err = read.Results("file:" + here); return err })
	return rows, err
}

// farTunnels opens ports of the laptop that lead to endpoints through the connection that it has, or says how.
func (a *app) farTunnels(ctx context.Context, all []endpoints.Endpoint, o tunnelOptions) error {
	rows := make([]tunnelRow, len(all))
	var wished []int
	var to []string
	for i, e := range all {
		rows[i] = tunnelRow{Service: e.Service, Seat: e.Seat, Ready: e.Ready, Endpoint: e.URL.String(), Password: e.Password, Key: e.Key, experiment: e.Experiment,
			Command: []string{"assay", "--context", a.far.Context(), "tunnel", e.Experiment, e.Service, "--open"}}
		port, err := strconv.Atoi(e.URL.Port())
		if err != nil {
			return fmt.Errorf("reading the port of %s: %w", e.URL, err)
		}
		wished, to = append(wished, port), append(to, net.JoinHostPort(e.URL.Hostname(), e.URL.Port()))
	}
	if !o.open {
		return a.showTunnels(rows, o.format)
	}
	ports, err := a.far.Ports(wished, to)
	if err != nil {
		return err
	}
	for i, e := range all {
		f := tunnel.Forward{Target: e.URL, LocalPort: ports[i]}
		rows[i].LocalPort, rows[i].URL, rows[i].Command = ports[i], f.URL(), nil
	}
	if err := a.showTunnels(rows, o.format); err != nil {
		return err
	}
	a.note("These ports are on 127.0.0.1 of your machine, for your own programs. Ctrl-C closes them.")
	<-ctx.Done()
	a.note("Tunnels closed.")
	return nil
}
