package lustre

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// markerName is the file that makes a directory ours.
const markerName = ".assay"

// marker also names the path: a directory that the user copied or renamed is the user's.
type marker struct {
	Owner string    `json:"owner"`
	Path  string    `json:"path"`
	Made  time.Time `json:"made"`
}

func (m marker) ours(path, owner string) bool { return m.Owner == owner && m.Path == path }

// readMarker reads the mark of a directory. A link, or a file of another user, is none.
func readMarker(dir string) (marker, error) {
	fd, err := unix.Open(filepath.Join(dir, markerName), unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return marker{}, err
	}
	return decodeMarker(fd)
}

func decodeMarker(fd int) (marker, error) {
	var m marker
	f := os.NewFile(uintptr(fd), markerName)
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return m, err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !info.Mode().IsRegular() || !ok || int(st.Uid) != os.Getuid() {
		return m, errors.New("the mark is not a file of this user")
	}
	return m, json.NewDecoder(io.LimitReader(f, 64<<10)).Decode(&m)
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
