package gc

import (
	"maps"
	"path/filepath"
	"slices"

	"assay/reconciler/store"
)

// sent are the files that travelled here from where a verb was typed, by their hash, and that no revision to which somebody can
// go back names, nor one of an experiment that still has a job. What just came may belong to a revision that is being accepted.
func (s snapshot) sent() ([]Leftover, error) {
	dir := filepath.Join(s.Store.Dir(), store.SentFiles)
	entries, err := folders(dir)
	if err != nil || s.Experiment != "" || len(entries) == 0 {
		return nil, err // several experiments share them
	}
	used, err := s.named(dir)
	if err != nil {
		return nil, err
	}
	var out []Leftover
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if info, err := e.Info(); err == nil && old(info) && !used[path] && filepath.Ext(e.Name()) == "" {
			out = append(out, Leftover{Kind: KindFiles, Path: path})
		}
	}
	return out, nil
}

// named are the folders below dir of files that revisions name.
func (s snapshot) named(dir string) (map[string]bool, error) {
	experiments := map[string]bool{}
	for x := range s.heads {
		experiments[x] = true
	}
	for _, at := range s.attempts {
		if s.mayLive(at.Nonce) {
			experiments[at.Experiment] = true
		}
	}
	for _, j := range s.live {
		experiments[j.Tag.Seat.Experiment] = true
	}
	used := map[string]bool{}
	for _, x := range slices.Sorted(maps.Keys(experiments)) {
		revisions, err := s.Store.History(x)
		if err != nil {
			return nil, err // it may name any of them
		}
		for _, r := range revisions {
			r.Spec.EachFile(func(path string) string {
				if at := filepath.Dir(path); filepath.Dir(at) == dir {
					used[at] = true
				}
				return path
			})
		}
	}
	return used, nil
}
