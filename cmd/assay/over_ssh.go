package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"assay/drivers/remote"
	"assay/drivers/service/gateway"
	"assay/drivers/site"
	"assay/drivers/source"
	"assay/reconciler/view/text"
)

// stayHere are the verbs that are about the machine on which they are typed.
var stayHere = []string{"context", "version", "explain", "calibrate", "completion", "help"}

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
	if local && a.context != "" && a.context != remote.Here && top.Name() != "context" {
		return exitError{exitUsage, fmt.Errorf("%s is about the machine on which it is typed; leave --context out", top.Name())}
	}
	if local || a.context == remote.Here {
		return nil
	}
	all, err := contexts()
	if err != nil {
		return err
	}
	name := a.context
	if name == "" {
		if name, err = all.Current(); err != nil || name == remote.Here {
			return err
		}
	}
	to, err := all.Get(name)
	if err != nil {
		return exitError{exitUsage, err}
	}
	c.RunE = func(c *cobra.Command, pos []string) error { return a.overSSH(c.Context(), c, pos, to) }
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
	t := &outgoing{app: a, c: c, pos: pos, to: to}
	if err := t.prepare(ctx); err != nil {
		return err
	}
	o, err := a.connection(to)
	if err != nil {
		return err
	}
	o.Hide = t.hide
	conn, err := remote.Connect(ctx, o)
	if errors.Is(err, remote.ErrConnect) {
		return exitError{exitConnection, err}
	}
	if err != nil {
		return err
	}
	following, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	if t.watched != nil {
		go t.follow(following)
	}
	interrupt, widths := make(chan struct{}), make(chan int)
	go signals(following, interrupts, interrupt)
	go t.resized(following, widths)
	t.laptop.Interrupt, t.laptop.Widths = interrupt, widths
	code, err := remote.Run(conn, t.laptop)
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

func signals(ctx context.Context, from <-chan os.Signal, to chan<- struct{}) {
	for {
		select {
		case <-from:
		case <-ctx.Done():
			return
		}
		select {
		case to <- struct{}{}:
		case <-ctx.Done():
			return
		}
	}
}

// columns is the width of a stream that is a terminal; 0: it is none.
func columns(stream any) int {
	if !text.IsTerminal(stream) {
		return 0
	}
	if w, ok := stream.(*text.Screen); ok {
		stream = text.Raw(w)
	}
	if f, ok := stream.(*os.File); ok {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			return w
		}
	}
	return 80
}

// resized says when the terminal has become wider or narrower.
func (t *outgoing) resized(ctx context.Context, to chan<- int) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGWINCH)
	defer signal.Stop(c)
	for {
		select {
		case <-c:
		case <-ctx.Done():
			return
		}
		if w := max(columns(t.err), columns(t.out)); w > 0 {
			select {
			case to <- w:
			case <-ctx.Done():
				return
			}
		}
	}
}

// follow sends the edits of watched files.
func (t *outgoing) follow(ctx context.Context) {
	first := true
	source.Snapshots(ctx, t.watched, time.Second/2, func(s source.Snapshot) {
		m := t.manifestOf(source.Input{Files: s.Files, Origin: s.Origin})
		m.Problem, m.Stamp, m.Heads = cmp.Or(s.Problem, m.Problem), s.Stamp, s.Heads
		if first && m.Stamp == t.laptop.Request.Manifest.Stamp {
			first = false
			return
		}
		select {
		case t.edits <- m:
		case <-ctx.Done():
		}
	})
}

// proxyPort opens the port of `proxy`, for this user's programs alone.
func proxyPort(address string) (net.Listener, error) {
	if err := onLoopback(address); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%w; choose another address with --listen", err)
	}
	return gateway.Own(l), nil
}
