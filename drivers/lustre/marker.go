package lustre

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"assay/drivers/safefile"
)

// markerName is the file that makes a directory ours.
const (
	markerName = ".assay"
	maxMarker  = 64 << 10 // bytes
)

// marker also names the path: a directory that the user copied or renamed is the user's.
type marker struct {
	Owner string    `json:"owner"`
	Path  string    `json:"path"`
	Made  time.Time `json:"made"`
}

func (m marker) ours(path, owner string) bool { return m.Owner == owner && m.Path == path }

// readMarker reads the mark of a directory of this user. A link, or a file of another user, is none.
func readMarker(dir string) (marker, error) {
	var m marker
	f, err := safefile.OpenFolder(dir)
	if err != nil {
		return m, err
	}
	defer f.Close()
	b, err := f.ReadFile(markerName, maxMarker)
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal(b, &m)
}

func writeMarker(dir string, m marker) error {
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(dir, markerName), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	return errors.Join(err, f.Sync(), f.Close(), syncDir(dir))
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// clean refuses paths that must not be the directory of a service.
func clean(path string) (string, error) {
	if !filepath.IsAbs(path) {
		return "", fmt.Errorf("directory %q: the path has to begin with /", path)
	}
	path = filepath.Clean(path)
	if path == "/" {
		return "", errors.New("directory /: the root of a machine cannot be a service's directory; give a path below a project")
	}
	if home, err := os.UserHomeDir(); err == nil && filepath.Clean(home) == path {
		return "", fmt.Errorf("directory %s: a home cannot be a service's directory; give a path below it", path)
	}
	return path, nil
}
