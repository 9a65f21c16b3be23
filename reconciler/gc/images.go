package gc

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// images are those of the state directory that no declared experiment and no live job uses. A folder of images that the
// site names is shared with others, and is left alone.
func (s snapshot) images() ([]Leftover, error) {
	dir := filepath.Join(s.Store.Dir(), "images")
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || s.Experiment != "" {
		return nil, nil // several experiments share them
	}
	if err != nil {
		return nil, err
	}
	used := map[string]bool{}
	for _, at := range s.attempts {
		if !s.declared(at.Experiment) && !s.mayLive(at.Nonce) {
			continue
		}
		desired, err := s.Store.ReadDesired(at.Seat, at.Nonce)
		if err != nil {
			return nil, err // it may name any of them
		}
		for _, p := range desired.Processes {
			for _, n := range p.Needs {
				used[filepath.Clean(n)] = true
			}
		}
	}
	var out []Leftover
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if e.Type().IsRegular() && (filepath.Ext(e.Name()) == ".sif" || filepath.Ext(e.Name()) == ".sqsh") && !used[path] {
			out = append(out, Leftover{Kind: KindImages, Path: path})
		}
	}
	return out, nil
}
