package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// markerFile is in every data directory that an agent made.
const markerFile = ".assay"

// dataDepth is how deep below paths.work data directories are: EXPERIMENT/SERVICE/SLOT, or a component below that.
const dataDepth = 4

// data are the data directories that carry our marker and that no declared service uses.
func (c *cleaner) data() ([]leftover, error) {
	root, err := filepath.EvalSymlinks(c.site.Spec.Paths.Work)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return c.dataBelow(root, dataDepth)
}

func (c *cleaner) dataBelow(dir string, depth int) ([]leftover, error) {
	entries, err := folders(dir)
	if errors.Is(err, fs.ErrPermission) {
		return nil, nil // somebody else's
	}
	if err != nil {
		return nil, err
	}
	var out []leftover
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if strings.HasPrefix(e.Name(), trashPrefix+c.st.ID()+"-") {
			out = append(out, leftover{kind: "data", path: path})
			continue
		}
		owner, marked := readMarker(path)
		if !marked {
			if depth > 1 {
				below, err := c.dataBelow(path, depth-1)
				if err != nil {
					return nil, err
				}
				out = append(out, below...)
			}
			continue
		}
		id, name, _ := strings.Cut(owner, " ")
		x, service, ok := strings.Cut(name, "/")
		if id == c.st.ID() && ok && c.mine(x) && !c.dataUsed(x, service, owner, path) {
			out = append(out, leftover{kind: "data", experiment: x, path: path})
		}
	}
	return out, nil
}

// readMarker reads who made a directory. A marker that is a link, or that cannot be read, proves nothing.
func readMarker(dir string) (owner string, ok bool) {
	f, info, err := openPlain(filepath.Join(dir, markerFile))
	if f == nil || err != nil {
		return "", false
	}
	defer f.Close()
	var m struct{ Owner string }
	if info.Size() > 4096 || json.NewDecoder(f).Decode(&m) != nil {
		return "", false
	}
	return m.Owner, m.Owner != ""
}

// dataUsed reports whether a service that is declared, or a job that lives, may use a data directory.
func (c *cleaner) dataUsed(experiment, service, owner, path string) bool {
	head, declared := c.seen.heads[experiment]
	if declared && slices.ContainsFunc(head.Spec.Spec.Services, func(s v1alpha1.Service) bool { return s.Name == service }) {
		return true
	}
	for _, j := range c.seen.jobs {
		if _, known := c.seen.attempts[j.Tag.Nonce]; !known && j.Tag.Seat.Experiment == experiment {
			return true // what it was told is not known
		}
	}
	for _, at := range c.seen.attempts {
		if at.Experiment != experiment || !c.seen.live(at.Nonce) {
			continue
		}
		told, err := c.st.ReadDesired(at.Seat, at.Nonce)
		if err != nil || at.Seat.Group == service || slices.Contains(at.Members, service) {
			return true
		}
		if slices.ContainsFunc(told.Processes, func(p drivers.Process) bool { return p.Owner == owner || filepath.Clean(p.Data) == path }) {
			return true
		}
	}
	return false
}
