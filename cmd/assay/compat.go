package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"assay/api/v1alpha1"
	"assay/drivers/site"
	"assay/reconciler/store"
	"assay/reconciler/view"
	"assay/reconciler/view/text"
)

// This file holds the names that verbs which have not moved yet use, each in terms of what replaces it. It goes with them.

type (
	object       = view.Object
	metadata     = view.Metadata
	progressLine struct{ *text.Progress }
	// world is what tunnel and logs read; their methods on it become functions of a view.Snapshot.
	world struct {
		st       *store.Store
		statuses []v1alpha1.ExperimentStatus
	}
)

const lookEvery = pollEvery

var (
	kinds      = map[string]string{"experiment": "experiments", "experiments": "experiments", "exp": "experiments"} // view.Kind
	newObject  = view.New
	dash       = text.Dash
	short      = text.Duration
	bytesWord  = text.Bytes
	isTerminal = text.IsTerminal
)

func (a *app) say(format string, v ...any) { a.note(format, v...) }

func newProgress(a *app, total int) *progressLine {
	return &progressLine{text.NewProgress(a.err, total)}
}

func (p *progressLine) show(done int, what string) { p.Show(done, what) }

func readWorld(st *store.Store) (world, error) {
	s, err := view.Read(st)
	return world{st, s.Statuses}, err
}

func xdg(string, string) (string, error) { return site.CacheDir() }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func readJSON(dir, name string, into any) error {
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("reading %s: %w", filepath.Join(dir, name), err)
	}
	return nil
}
