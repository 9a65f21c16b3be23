package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"assay/drivers/remote"
	"assay/drivers/service/gateway"
	"assay/drivers/site"
	"assay/drivers/source"
	"assay/reconciler/view/text"
)

// stayHere are the verbs that are about the machine on which they are typed.
var stayHere = []string{"context", "version", "explain", "schema", "init", "validate", "calibrate", "completion", "help", "mcp"}

// route has a verb run at the site of the context that was chosen.
func (a *app) route(c *cobra.Command) error {
	top := c
	for top.HasParent() && top.Parent().HasParent() {
		top = top.Parent()
	}
	if a.far != nil || top.Hidden || strings.HasPrefix(top.Name(), "__") {
		return nil
	}
	local := slices.Contains(stayHere, top.Name())
	if local && a.context != "" && a.context != remote.Here && top.Name() != "context" && top.Name() != "mcp" { // what mcp runs goes there
		return exitError{exitUsage, fmt.Errorf("%s is about the machine on which it is typed; leave --context out", top.Name())}
	}
	if local || a.context == remote.Here {
		return nil
	}
	all, err := contexts()
	if err != nil {
		return err
	}
	to, away, err := all.Chosen(a.context)
	if err != nil {
		return exitError{exitUsage, err}
	}
	if away {
		c.RunE = func(c *cobra.Command, pos []string) error { return a.overSSH(c.Context(), c, pos, to) }
	}
	return nil
}

func contexts() (remote.Contexts, error) {
	dir, err := site.ConfigDir()
	return remote.Contexts{Dir: dir + "/contexts"}, err
}

// overSSH runs a verb at the site of a context.
func (a *app) overSSH(ctx context.Context, c *cobra.Command, pos []string, to remote.Context) error {
	interrupts := make(chan os.Signal, 4)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(interrupts)
	following, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	l, err := a.laptop(ctx, following, c, pos, to)
	if err != nil {
		return err
	}
	o, err := a.connection(to)
	if err != nil {
		return err
	}
	o.Hide = l.Hides()
	conn, err := remote.Connect(ctx, o)
	if errors.Is(err, remote.ErrConnect) {
		return exitError{exitConnection, err}
	}
	if err != nil {
		return err
	}
	l.Interrupt, l.Widths = interrupts, text.Resized(following, a.out, a.err)
	code, err := remote.Run(conn, l)
	switch {
	case errors.Is(err, remote.ErrInterrupted):
		return exitError{exitInterrupted, fmt.Errorf("%w; the command at %s has been told to end", err, to.Host)}
	case err != nil:
		return exitError{exitConnection, fmt.Errorf("%s: %w (%s). What the command did itself has ended, as with a hang-up, and what was submitted goes on. See: assay --context %s get services. Go on: %s",
			to.Host, err, conn.Ended(), to.Name, strings.Join(append([]string{"assay"}, a.args...), " "))}
	case code != 0:
		return exitError{code: code}
	}
	return nil
}

// laptop collects what a verb uses of this machine. Files that it follows are followed until following ends.
func (a *app) laptop(ctx, following context.Context, c *cobra.Command, pos []string, to remote.Context) (l remote.Laptop, err error) {
	flag := func(name string) string {
		if f := c.Flags().Lookup(name); f != nil {
			return f.Value.String()
		}
		return ""
	}
	t := remote.Typed{Context: to, Verb: verbPath(c), Args: a.args, Pos: pos, Flag: flag, Secret: source.Secret,
		Terminal: remote.Terminal{In: text.IsTerminal(a.in), Out: text.Columns(a.out), Err: text.Columns(a.err)}}
	var m *remote.Manifest
	var edits <-chan remote.Manifest
	if paths, err := c.Flags().GetStringSlice("filename"); err != nil || len(paths) == 0 {
		// The verb reads none, or will say that it needs one.
	} else if t.Verb == "watch" {
		edits = watched(following, t, paths)
		select {
		case now := <-edits:
			m = &now
		case <-ctx.Done():
			return l, ctx.Err()
		}
	} else {
		in, err := a.read(ctx, paths)
		if err != nil {
			return l, err
		}
		now := t.Manifest(in.Files, source.Folders(in.Files), in.Origin)
		if m = &now; m.Err() != nil {
			return l, m.Err()
		}
	}
	if l, err = t.Laptop(m); err != nil {
		return l, err
	}
	l.In, l.Out, l.Err, l.Own, l.Edits = a.in, text.Raw(a.out), text.Raw(a.err), gateway.Own, edits
	if t.Verb == "proxy" || t.Verb == "web" {
		if l.Listener, err = gateway.OwnPort(flag("listen")); err != nil {
			return l, fmt.Errorf("listening for %s: %w", strings.Join(append([]string{t.Verb}, pos...), " "), err)
		}
		l.Request.Listening = l.Listener.Addr().String()
	}
	return l, nil
}

// watched are the files that a verb follows, as they are now and after each edit.
func watched(ctx context.Context, t remote.Typed, paths []string) <-chan remote.Manifest {
	to := make(chan remote.Manifest)
	go source.Snapshots(ctx, paths, time.Second/2, func(s source.Snapshot) {
		m := t.Manifest(s.Files, s.Folders, s.Origin)
		m.Problem, m.Stamp, m.Heads = cmp.Or(s.Problem, m.Problem), s.Stamp, s.Heads
		select {
		case to <- m:
		case <-ctx.Done():
		}
	})
	return to
}

// connection says how a context is reached.
func (a *app) connection(to remote.Context) (remote.Options, error) {
	cache, err := site.CacheDir()
	if err == nil {
		err = os.MkdirAll(cache, 0o700)
	}
	binary := to.Binary
	if binary == "" && err == nil {
		binary, err = os.Executable()
	}
	return remote.Options{Context: to, Binary: binary, Cache: cache, Sockets: remote.SocketFolders(cache), Errors: text.Raw(a.err), Note: a.note}, err
}
