package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/term"

	"assay/api/v1alpha1"
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
	warned   map[string]bool // warnings about manifests that were said: a loop reads them again and again
}

// say writes talk, as opposed to data.
func (a *app) say(format string, v ...any) { fmt.Fprintf(a.err, format+"\n", v...) }

// logger writes to standard error: warnings, and everything with --verbose.
func (a *app) logger() *slog.Logger {
	level := slog.LevelWarn
	if a.verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: level}))
}

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// xdg returns $name/assay, or ~/fallback/assay.
func xdg(name, fallback string) (string, error) {
	if d := os.Getenv(name); filepath.IsAbs(d) {
		return filepath.Join(d, "assay"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("finding your home directory: %w; set %s or use --state", err, name)
	}
	return filepath.Join(home, fallback, "assay"), nil
}

// sites returns every site that is known: the built-in local one and those remembered from earlier applies.
func (a *app) sites() (map[string]v1alpha1.Site, error) {
	out := map[string]v1alpha1.Site{"local": v1alpha1.LocalSite()}
	dir, err := sitesDir()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the remembered sites: %w", err)
	}
	var files []v1alpha1.File
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".yaml") || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		path := filepath.Join(dir, e.Name())
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("reading a remembered site: %w", err)
		}
		files = append(files, v1alpha1.File{Name: path, Data: data})
	}
	if len(files) == 0 {
		return out, nil
	}
	m, err := v1alpha1.Load(files, out, "")
	if err != nil {
		return nil, exitError{exitManifest, fmt.Errorf("a remembered site is no longer valid; correct it, or remove the file:\n%w", err)}
	}
	for _, s := range m.Sites {
		out[s.Metadata.Name] = s
	}
	return out, nil
}

func sitesDir() (string, error) {
	dir, err := xdg("XDG_CONFIG_HOME", ".config")
	return filepath.Join(dir, "sites"), err
}

// remember keeps a site under the XDG config folder for later commands.
func remember(s v1alpha1.Site) error {
	dir, err := sitesDir()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("remembering site %s: %w", s.Metadata.Name, err)
	}
	data, err := v1alpha1.Encode(s)
	if err != nil {
		return fmt.Errorf("remembering site %s: %w", s.Metadata.Name, err)
	}
	path := filepath.Join(dir, s.Metadata.Name+".yaml")
	tmp := path + fmt.Sprintf(".%d", os.Getpid())
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return fmt.Errorf("remembering site %s: %w", s.Metadata.Name, err)
	}
	return os.Rename(tmp, path)
}

// site picks the site of commands that read no manifest.
func (a *app) site() (v1alpha1.Site, error) {
	known, err := a.sites()
	if err != nil {
		return v1alpha1.Site{}, err
	}
	name := a.siteName
	if name == "" {
		name = defaultSite(known)
	}
	s, ok := known[name]
	if !ok {
		return s, exitError{exitUsage, fmt.Errorf("no site %q is known; apply its file first: assay apply -f SITE.yaml", name)}
	}
	return s, nil
}

// defaultSite is the only remembered site, else local.
func defaultSite(known map[string]v1alpha1.Site) string {
	if len(known) == 2 {
		for name := range known {
			if name != "local" {
				return name
			}
		}
	}
	return "local"
}

// statePath is the state directory of a site, absolute.
func (a *app) statePath(s v1alpha1.Site) (string, error) {
	switch {
	case a.stateDir != "":
		return filepath.Abs(a.stateDir)
	case s.Spec.Paths.State != "":
		return filepath.Abs(s.Spec.Paths.State)
	}
	dir, err := xdg("XDG_STATE_HOME", ".local/state")
	return filepath.Join(dir, s.Metadata.Name), err
}

// complete fills in the paths of a site, which depend on who runs assay.
func (a *app) complete(s v1alpha1.Site) (v1alpha1.Site, error) {
	dir, err := a.statePath(s)
	if err != nil {
		return s, err
	}
	s.Spec.Paths.State = dir
	return completePaths(s), nil
}

// completePaths fills in the paths that follow from the state directory.
func completePaths(s v1alpha1.Site) v1alpha1.Site {
	s.Spec.Paths.Work = cmp.Or(s.Spec.Paths.Work, filepath.Join(s.Spec.Paths.State, "work"))
	if s.Spec.Container.Runs() {
		s.Spec.Container.Images = cmp.Or(s.Spec.Container.Images, filepath.Join(s.Spec.Paths.State, "images"))
	}
	return s
}

// open opens the store of a site and completes the site's paths.
func (a *app) open(s v1alpha1.Site) (*store.Store, v1alpha1.Site, error) {
	s, err := a.complete(s)
	if err != nil {
		return nil, s, err
	}
	st, err := store.Open(s.Spec.Paths.State, store.Options{})
	return st, s, err
}

// warn says what is probably not meant in a manifest, each once.
func (a *app) warn(problems []v1alpha1.Problem) {
	for _, p := range problems {
		if text := p.Error(); !a.warned[text] {
			if a.warned == nil {
				a.warned = map[string]bool{}
			}
			a.warned[text] = true
			a.say("warning: %s", text)
		}
	}
}

// current opens the store for commands that read no manifest.
func (a *app) current() (*store.Store, v1alpha1.Site, error) {
	s, err := a.site()
	if err != nil {
		return nil, s, err
	}
	return a.open(s)
}

// load validates what a source delivered. Sites in it are remembered only by verbs that change something.
func (a *app) load(in source.Input) (v1alpha1.Manifest, v1alpha1.Site, error) {
	known, err := a.sites()
	if err != nil {
		return v1alpha1.Manifest{}, v1alpha1.Site{}, err
	}
	m, err := v1alpha1.Load(in.Files, known, a.siteName)
	if err != nil {
		return m, v1alpha1.Site{}, exitError{exitManifest, err}
	}
	a.warn(m.Warnings)
	for _, s := range m.Sites {
		known[s.Metadata.Name] = s
	}
	name := a.siteName
	if name == "" {
		name = defaultSite(known)
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
	site, ok := known[name]
	if !ok {
		return m, site, exitError{exitUsage, fmt.Errorf("no site %q is known; give its file too: -f SITE.yaml", name)}
	}
	return m, site, nil
}

// read reads -f arguments.
func (a *app) read(paths []string) (source.Input, error) {
	if len(paths) == 0 {
		return source.Input{}, exitError{exitUsage, errors.New("no manifest given; type: -f FILE, -f FOLDER or -f - for standard input")}
	}
	if i := slices.Index(paths, "-"); i >= 0 && slices.Contains(paths[i+1:], "-") {
		return source.Input{}, exitError{exitUsage, errors.New("standard input can be read once: give -f - once")}
	}
	return source.Read(paths, a.in)
}
