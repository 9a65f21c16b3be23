package safefile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Open opens a regular file for reading, without waiting: a FIFO, a socket, a device or a folder is refused. A link is
// followed: whoever gave the path gave the link.
func Open(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, opening(path, err)
	}
	return regular(f, path)
}

// OpenIn opens a regular file that was found in a folder, by its path in it. A link that leads out of the folder is refused.
func OpenIn(folder, rel string) (*os.File, error) {
	path := filepath.Join(folder, rel)
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, err := root.OpenFile(rel, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err == nil {
		return regular(f, path)
	}
	link, bad := root.Lstat(rel)
	if bad == nil && link.Mode()&fs.ModeSymlink != 0 && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("opening %s: it is a link that leads out of %s, and is not followed: %w; put the file itself there, or name it by its own path", path, folder, ErrKind)
	}
	return nil, opening(path, err)
}

// regular keeps what was opened if it is a regular file.
func regular(f *os.File, path string) (*os.File, error) {
	is, err := factsOf(int(f.Fd()))
	switch {
	case err != nil:
		return nil, errors.Join(&fs.PathError{Op: "stat", Path: path, Err: err}, f.Close())
	case is.kind() != unix.S_IFREG:
		return nil, errors.Join(fmt.Errorf("opening %s: it is %s: %w", path, kindName(is), ErrKind), f.Close())
	}
	return f, nil
}

// opening explains what open says of a socket and of a link that may not be followed.
func opening(path string, err error) error {
	switch {
	case errors.Is(err, unix.ENXIO):
		return fmt.Errorf("opening %s: it is a socket: %w", path, ErrKind)
	case errors.Is(err, unix.ELOOP):
		return fmt.Errorf("opening %s: it is a link: %w", path, ErrKind)
	}
	if _, named := errors.AsType[*fs.PathError](err); named {
		return err
	}
	return &fs.PathError{Op: "open", Path: path, Err: err}
}

// ReadSecret is ReadFile for a file that only this user, or root, may own and read.
func ReadSecret(path string, limit int64) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	is, err := factsOf(int(f.Fd()))
	switch {
	case err != nil:
		err = &fs.PathError{Op: "stat", Path: path, Err: err}
	case !is.trusted():
		err = fmt.Errorf("%s belongs to %s: %w; a secret has to be in a file of yours", path, is.owner(), ErrForeign)
	case is.mode&0o077 != 0:
		err = fmt.Errorf("other users can read %s; type: chmod 600 %s", path, path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return readUpTo(f, path, limit)
}

// ReadFile returns what Open opens, at most limit bytes of it.
func ReadFile(path string, limit int64) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	return readUpTo(f, path, limit)
}

// readUpTo also closes the file.
func readUpTo(f *os.File, path string, limit int64) ([]byte, error) {
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("reading %s: it has more than %d bytes", path, limit)
	}
	return b, err
}

func kindName(f facts) string {
	switch f.kind() {
	case unix.S_IFREG:
		return "a file"
	case unix.S_IFIFO:
		return "a FIFO"
	case unix.S_IFSOCK:
		return "a socket"
	case unix.S_IFDIR:
		return "a folder"
	case unix.S_IFLNK:
		return "a link"
	}
	return "a device"
}
