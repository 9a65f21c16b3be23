package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/drivers/remote"
	"assay/drivers/service/gateway"
	"assay/drivers/source"
	"assay/reconciler/view/text"
)

// outgoing is a verb of which everything is collected that is on this machine, to run it at a site.
type outgoing struct {
	*app
	c       *cobra.Command
	pos     []string
	to      remote.Context
	laptop  remote.Laptop
	watched []string // paths that the verb follows
	edits   chan remote.Manifest
	hide    []string // variables that hold secrets
}

func (t *outgoing) prepare(ctx context.Context) error {
	t.edits = make(chan remote.Manifest)
	t.laptop = remote.Laptop{In: t.in, Out: text.Raw(t.out), Err: text.Raw(t.err), Own: gateway.Own, Edits: t.edits, Ports: t.c.Name() == "tunnel"}
	r := &t.laptop.Request
	r.Args, r.Context = t.args, t.to.Name
	if t.to.State != "" && !t.c.Flags().Changed("state") {
		r.Args = append([]string{"--state", t.to.State}, r.Args...)
	}
	r.Terminal = remote.Terminal{In: text.IsTerminal(t.in), Out: columns(t.out), Err: columns(t.err)}
	if err := t.manifest(ctx); err != nil {
		return err
	}
	if err := t.named(); err != nil {
		return err
	}
	t.outputs()
	if t.c.Name() != "proxy" {
		return nil
	}
	l, err := proxyPort(t.flag("listen"))
	if err != nil {
		return fmt.Errorf("listening for %s: %w", t.pos[0], err)
	}
	t.laptop.Listener, r.Listening = l, l.Addr().String()
	return nil
}

// flag is the value of a flag; empty when the verb has none of that name.
func (t *outgoing) flag(name string) string {
	if f := t.c.Flags().Lookup(name); f != nil {
		return f.Value.String()
	}
	return ""
}

// manifest reads the files of -f, as the verb would here.
func (t *outgoing) manifest(ctx context.Context) error {
	paths, err := t.c.Flags().GetStringSlice("filename")
	if err != nil || len(paths) == 0 {
		return nil // the verb reads none, or will say that it needs one
	}
	var m remote.Manifest
	if t.c.Name() == "watch" {
		t.watched = paths
		ctx, cancel := context.WithCancel(ctx)
		source.Snapshots(ctx, paths, 0, func(s source.Snapshot) {
			m = t.manifestOf(source.Input{Files: s.Files, Origin: s.Origin})
			m.Problem, m.Stamp, m.Heads = s.Problem+m.Problem, s.Stamp, s.Heads
			cancel() // one is enough: the others come later
		})
	} else {
		in, err := t.read(ctx, paths)
		if err != nil {
			return err
		}
		if m = t.manifestOf(in); m.Problem != "" {
			return errors.New(m.Problem)
		}
	}
	t.laptop.Request.Manifest = &m
	return nil
}

// manifestOf adds to files what they name on this machine: secrets, and data sets by relative paths. What cannot be decoded is
// reported at the site, where it is validated.
func (t *outgoing) manifestOf(in source.Input) remote.Manifest {
	out := remote.Manifest{Files: in.Files, Folders: source.Folders(in.Files), Origin: in.Origin}
	m, _ := v1alpha1.Decode(in.Files)
	known := map[v1alpha1.Secret]bool{}
	var problems []string
	for _, e := range m.Experiments {
		for _, s := range e.Spec.Services {
			for _, ref := range s.Secrets {
				if !known[ref] && t.needs("secrets") {
					known[ref] = true
					out.Secrets = append(out.Secrets, t.secret(ref))
				}
			}
		}
		e.EachFile(func(path string) string {
			if !v1alpha1.Relative(path) || !t.needs("files") {
				return path
			}
			f, err := remote.Attach(filepath.Join(out.Folders[e.File], path))
			if err != nil {
				problems = append(problems, fmt.Sprintf("%s:%d: experiment %s names the file %s: %v", e.File, e.Line, e.Metadata.Name, path, err))
			}
			out.Attached = append(out.Attached, f)
			return path
		})
	}
	out.Problem = strings.Join(problems, "\n")
	return out
}

// needs reports whether the verb uses what a manifest names.
func (t *outgoing) needs(what string) bool {
	switch t.c.Name() {
	case "apply", "diff", "watch":
		return true
	case "plan":
		return what == "files" || t.flag("dry-run") != "true"
	}
	return false
}

func (t *outgoing) secret(ref v1alpha1.Secret) remote.Secret {
	out := remote.Secret{Env: ref.Env, File: ref.File}
	if ref.Env != "" {
		t.hide = append(t.hide, ref.Env)
	}
	var err error
	if out.Value, err = source.Secret(ref); err != nil {
		out.Problem = err.Error()
	}
	return out
}

// named attaches the files that arguments name.
func (t *outgoing) named() error {
	if t.c.Name() != "compare" {
		return nil
	}
	for _, ref := range t.pos {
		if path, ok := strings.CutPrefix(ref, "file:"); ok {
			f, err := remote.Attach(path)
			if err != nil {
				return fmt.Errorf("reading the results of %s: %w", ref, err)
			}
			t.laptop.Request.Attached = append(t.laptop.Request.Attached, f)
		}
	}
	return nil
}

// outputs are the files that the verb may write here.
func (t *outgoing) outputs() {
	for _, flag := range []string{"out", "save"} {
		if name := t.flag(flag); name != "" && name != "-" {
			t.laptop.Saves = append(t.laptop.Saves, name)
		}
	}
	if t.c.Name() == "report" && t.flag("out") == "" && t.laptop.Request.Terminal.Out > 0 {
		t.laptop.Saves = append(t.laptop.Saves, t.pos[0]+"-report.html")
	}
}
