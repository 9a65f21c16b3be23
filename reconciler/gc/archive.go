package gc

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"

	"assay/drivers/durable"
	"assay/reconciler/store"
)

// statusSuffix ends the name of the last status of a deleted experiment; the other files of the archive are attempts.
const statusSuffix = ".status.json"

// archived are the files of the archive whose name is wanted.
func (s snapshot) archived(want func(string) bool) ([]Leftover, error) {
	dir := filepath.Join(s.Store.Dir(), "archive")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []Leftover
	for _, e := range entries {
		if !e.Type().IsRegular() || strings.HasPrefix(e.Name(), ".") || !want(e.Name()) {
			continue
		}
		var r struct{ Experiment, Name, Nonce string }
		if _, err := durable.ReadVersion(filepath.Join(dir, e.Name()), &r, store.AttemptVersion); err != nil {
			return nil, err
		}
		x := cmp.Or(r.Experiment, r.Name)
		if s.chosen(x) && !s.mayLive(r.Nonce) {
			out = append(out, Leftover{Kind: KindLogs, Experiment: x, Path: filepath.Join(dir, e.Name())})
		}
	}
	return out, nil
}
