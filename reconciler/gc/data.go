package gc

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/safefile"
)

const (
	markerFile  = ".assay" // in every data directory that an agent made: its owner, as JSON
	markerLimit = 4096     // bytes
)

// dataDepth is how deep below paths.work data directories are: EXPERIMENT/SERVICE/SLOT, or a component below that.
const dataDepth = 4

// data are the data directories that carry this store's marker and that no declared service uses.
func (s snapshot) data() ([]Leftover, error) {
	root, err := filepath.EvalSymlinks(s.Work)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return s.dataBelow(root, dataDepth)
}

func (s snapshot) dataBelow(dir string, depth int) ([]Leftover, error) {
	entries, err := folders(dir)
	if errors.Is(err, fs.ErrPermission) {
		return nil, nil // another user's
	}
	if err != nil {
		return nil, err
	}
	var out []Leftover
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if strings.HasPrefix(e.Name(), s.trash()) {
			out = append(out, Leftover{Kind: KindData, Path: path})
			continue
		}
		owner, marked := readMarker(path)
		if !marked {
			if depth > 1 {
				below, err := s.dataBelow(path, depth-1)
				if err != nil {
					return nil, err
				}
				out = append(out, below...)
			}
			continue
		}
		id, name, _ := strings.Cut(owner, " ")
		x, service, ok := strings.Cut(name, "/")
		if id == s.Store.ID() && ok && s.chosen(x) && !s.dataUsed(x, service, owner, path) {
			out = append(out, Leftover{Kind: KindData, Experiment: x, Path: path})
		}
	}
	return out, nil
}

// readMarker reads who made a directory. One that is another user's, that is a link, or that cannot be read, proves nothing.
func readMarker(dir string) (owner string, ok bool) {
	f, err := safefile.OpenFolder(dir)
	if err != nil {
		return "", false
	}
	defer f.Close()
	return markerIn(f)
}

func markerIn(f *safefile.Folder) (owner string, ok bool) {
	var m struct{ Owner string }
	b, err := f.ReadFile(markerFile, markerLimit)
	if err != nil || json.Unmarshal(b, &m) != nil {
		return "", false
	}
	return m.Owner, m.Owner != ""
}

// dataUsed reports whether a declared service or a live job may use a data directory.
func (s snapshot) dataUsed(experiment, service, owner, path string) bool {
	head, declared := s.heads[experiment]
	if declared && slices.ContainsFunc(head.Spec.Spec.Services, func(s v1alpha1.Service) bool { return s.Name == service }) {
		return true
	}
	for _, j := range s.live {
		if _, recorded := s.attempts[j.Tag.Nonce]; !recorded && j.Tag.Seat.Experiment == experiment {
			return true // an unknown job: what it runs is not recorded
		}
	}
	for _, at := range s.attempts {
		if at.Experiment != experiment || !s.mayLive(at.Nonce) {
			continue
		}
		desired, err := s.Store.ReadDesired(at.Seat, at.Nonce)
		if err != nil || at.Seat.Group == service || slices.Contains(at.Members, service) {
			return true
		}
		if slices.ContainsFunc(desired.Processes, func(p drivers.Process) bool { return p.Owner == owner || filepath.Clean(p.Data) == path }) {
			return true
		}
	}
	return false
}
