package store

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"

	"assay/drivers/durable"
	"assay/reconciler/plan"
)

// recent is what Recent read last of an experiment, and of which file.
type recent struct {
	most int
	name string
	file fs.FileInfo
	runs []plan.Run
}

// Recent are the last runs of an experiment that have ended, at most so many, in full and in the order in which they ended.
// They are read again when another one has ended.
func (s *Store) Recent(experiment string, most int) ([]plan.Run, error) {
	dir := s.FinishedDir(experiment)
	now := recent{most: most}
	names, err := durable.Names(dir)
	if len(names) > 0 {
		now.name = names[len(names)-1]
		now.file, err = durable.Stat(filepath.Join(dir, now.name))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	s.mu.Lock()
	last, ok := s.recent[experiment]
	s.mu.Unlock()
	if ok && now.file != nil && last.most == most && last.name == now.name && unchanged(last.file, now.file) {
		return last.runs, nil
	}
	ids, err := s.lastIDs(experiment, names, most)
	if err != nil {
		return nil, err
	}
	if now.runs, err = s.RunsByID(experiment, ids); err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.recent[experiment] = now
	s.mu.Unlock()
	return now.runs, nil
}

// lastIDs reads segments from the last one back until there are enough runs.
func (s *Store) lastIDs(experiment string, names []string, most int) ([]string, error) {
	var ids []string
	for i, name := range slices.Backward(names) {
		var here []string
		_, err := readSegment(filepath.Join(s.FinishedDir(experiment), name), i+1, i == len(names)-1, func(b []byte) error {
			var v struct {
				ID string `json:"id"`
			}
			err := json.Unmarshal(shortPart(b), &v)
			here = append(slices.DeleteFunc(here, func(id string) bool { return id == v.ID }), v.ID)
			return err
		})
		if errors.Is(err, durable.ErrDamaged) {
			names = nil
			break
		}
		if err != nil {
			return nil, err
		}
		here = slices.DeleteFunc(here, func(id string) bool { return slices.Contains(ids, id) })
		if ids = append(here, ids...); len(ids) >= most {
			break
		}
	}
	if len(names) == 0 { // an older assay's, or damaged
		all, err := s.Finished(experiment)
		if err != nil {
			return nil, err
		}
		ids = nil
		for _, r := range all {
			ids = append(ids, r.ID)
		}
	}
	return ids[max(0, len(ids)-most):], nil
}
