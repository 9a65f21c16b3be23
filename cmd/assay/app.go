package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"

	"assay/api/v1alpha1"
	"assay/drivers/prometheus"
	"assay/drivers/site"
	"assay/drivers/source"
	"assay/reconciler/store"
)

// app is what all verbs share: the streams and the global flags.
type app struct {
	in       io.Reader
	out, err io.Writer
	siteName string
	stateDir string
	verbose  bool
	caution  caution         // of the verb that runs, against a state directory of another place
	warned   map[string]bool // warnings that were printed: watch and sync read a manifest again and again
}

// note prints a line for people on standard error. Data goes to a.out.
func (a *app) note(format string, v ...any) { fmt.Fprintf(a.err, format+"\n", v...) }

// logger writes to standard error: warnings, and everything with --verbose.
func (a *app) logger() *slog.Logger {
	level := slog.LevelWarn
	if a.verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: level}))
}

// current opens the store of the chosen site, for commands that read no manifest.
func (a *app) current() (*store.Store, v1alpha1.Site, error) {
	s, err := a.site()
	if err != nil {
		return nil, s, err
	}
	return a.open(s)
}

// site is the site of commands that read no manifest.
func (a *app) site() (v1alpha1.Site, error) {
	known, err := knownSites()
	if err != nil {
		return v1alpha1.Site{}, err
	}
	name := a.siteName
	if name == "" {
		name = site.Default(known)
	}
	s, ok := known[name]
	if !ok {
		return s, exitError{exitUsage, fmt.Errorf("no site %q is known; apply its file first: assay apply -f SITE.yaml", name)}
	}
	return s, nil
}

func knownSites() (map[string]v1alpha1.Site, error) {
	known, err := site.Known()
	if errors.Is(err, site.ErrInvalid) {
		err = exitError{exitManifest, err}
	}
	return known, err
}

// complete fills in the paths of a site, which depend on who runs assay.
func (a *app) complete(s v1alpha1.Site) (v1alpha1.Site, error) { return site.Complete(s, a.stateDir) }

// open opens the store of a site, unless it belongs to another place, and completes the site's paths.
func (a *app) open(s v1alpha1.Site) (*store.Store, v1alpha1.Site, error) {
	s, err := a.complete(s)
	if err != nil {
		return nil, s, err
	}
	st, err := store.Open(s.Spec.Paths.State, store.Options{})
	if err == nil {
		err = a.checkPlace(st, s)
	}
	return st, s, err
}

// read reads -f arguments.
func (a *app) read(ctx context.Context, paths []string) (source.Input, error) {
	if len(paths) == 0 {
		return source.Input{}, exitError{exitUsage, errors.New("no manifest given; type: -f FILE, -f FOLDER or -f - for standard input")}
	}
	if i := slices.Index(paths, "-"); i >= 0 && slices.Contains(paths[i+1:], "-") {
		return source.Input{}, exitError{exitUsage, errors.New("standard input can be read once: give -f - once")}
	}
	return source.Read(ctx, paths, a.in)
}

// load validates what a source delivered and finds the site that it is for. Sites in it are remembered only by apply.
func (a *app) load(in source.Input) (v1alpha1.Manifest, v1alpha1.Site, error) {
	known, err := knownSites()
	if err != nil {
		return v1alpha1.Manifest{}, v1alpha1.Site{}, err
	}
	read := v1alpha1.Load
	if in.FromGit {
		read = v1alpha1.LoadFollowed
	}
	m, err := read(in.Files, known, a.siteName)
	a.warn(m.Refused)
	if err == nil {
		err = m.CheckQueries(prometheus.Parse)
	}
	if err != nil {
		return m, v1alpha1.Site{}, exitError{exitManifest, err}
	}
	a.warn(m.Warnings)
	for _, s := range m.Sites {
		known[s.Metadata.Name] = s
	}
	name := a.siteName
	if name == "" {
		name = site.Default(known)
	}
	if len(m.Experiments) > 0 {
		name = m.Experiments[0].Spec.Site
	}
	for _, e := range m.Experiments {
		if e.Spec.Site != name {
			return m, v1alpha1.Site{}, exitError{exitUsage, fmt.Errorf(
				"experiments %s and %s are for two sites, %s and %s; one command serves one site: apply their files one by one",
				m.Experiments[0].Metadata.Name, e.Metadata.Name, name, e.Spec.Site)}
		}
	}
	s, ok := known[name]
	if !ok {
		return m, s, exitError{exitUsage, fmt.Errorf("no site %q is known; give its file too: -f SITE.yaml", name)}
	}
	return m, s, nil
}

// loadAndOpen reads -f arguments and opens the store of the site that they are for.
func (a *app) loadAndOpen(ctx context.Context, in source.Input) (v1alpha1.Manifest, *store.Store, v1alpha1.Site, error) {
	m, s, err := a.load(in)
	if err = cmp.Or(err, ctx.Err()); err != nil {
		return m, nil, s, err
	}
	st, s, err := a.open(s)
	return m, st, s, err
}

// warn prints what is probably not meant in a manifest, each once.
func (a *app) warn(problems []v1alpha1.Problem) {
	for _, p := range problems {
		a.warnOnce(p.Error())
	}
}

// warnOnce prints a warning the first time.
func (a *app) warnOnce(text string) {
	if a.warned[text] {
		return
	}
	if a.warned == nil {
		a.warned = map[string]bool{}
	}
	a.warned[text] = true
	a.note("warning: %s", text)
}
