package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/container"
	"assay/drivers/prometheus"
	"assay/drivers/remote"
	"assay/drivers/service/arguments"
	"assay/drivers/site"
	"assay/drivers/source"
	"assay/reconciler/plan/admit"
	"assay/reconciler/store"
)

// app is what all verbs share: the streams and the global flags.
type app struct {
	in       io.Reader
	out, err io.Writer
	siteName string
	stateDir string
	context  string // as --context says
	verbose  bool
	args     []string        // as typed
	far      *remote.Session // the laptop on which the verb was typed; nil: it was typed here
	caution  caution         // of the verb that runs, against a state directory of another place
	deleted  map[string]bool // experiments that were said to be deleted
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
	if source.Repeated(paths) {
		return source.Input{}, exitError{exitUsage, errors.New("standard input can be read once: give -f - once")}
	}
	if a.far != nil {
		return a.sentManifest()
	}
	return source.Read(ctx, paths, a.in)
}

// load validates what a source delivered and finds the site that it is for. Sites in it are remembered only by apply.
func (a *app) load(in source.Input) (v1alpha1.Manifest, v1alpha1.Site, error) {
	known, err := knownSites()
	if err != nil {
		return v1alpha1.Manifest{}, v1alpha1.Site{}, err
	}
	m, err := a.manifest(in, known)
	a.warn(m.Refused)
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
	return m, s, a.placeSent(m, s)
}

// manifest validates files with everything that is known without a scheduler and without a state directory.
func (a *app) manifest(in source.Input, known map[string]v1alpha1.Site) (m v1alpha1.Manifest, err error) {
	admits := admit.Rule(site.Place(v1alpha1.Site{}).User, time.Now())
	switch {
	case in.Proposed:
		m, err = v1alpha1.LoadProposed(in.Files, known, a.siteName, admits)
	case in.FromGit:
		m, err = v1alpha1.LoadFollowed(in.Files, known, a.siteName, admits)
	default:
		m, err = v1alpha1.LoadTyped(in.Files, folders(in), known, a.siteName, admits, a.checksArguments())
	}
	if err == nil {
		err = m.CheckQueries(prometheus.Parse)
	}
	return m, err
}

// folders are where relative paths count from.
func folders(in source.Input) map[string]string {
	if in.Folders != nil {
		return in.Folders
	}
	return source.Folders(in.Files)
}

// checksArguments asks the servers that are on this machine whether they know the options of a manifest.
func (a *app) checksArguments() v1alpha1.Rule {
	cache, err := os.UserCacheDir()
	if err != nil {
		return func(v1alpha1.Site, v1alpha1.Experiment) []v1alpha1.Finding { return nil }
	}
	return arguments.Rule(context.Background(), filepath.Join(cache, "assay", "help"), func(text string) { a.note("%s", text) }, func(s v1alpha1.Site, svc v1alpha1.Service, argv []string) (string, []string, error) {
		s, err := a.complete(s)
		if err != nil {
			return "", nil, err
		}
		return container.Program(s, svc, argv)
	})
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
