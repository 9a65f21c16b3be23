package safefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Folder is an open folder. What is done in it is done in that folder, whatever gets its name meanwhile. Close it.
type Folder struct {
	file *os.File
	path string
	is   facts
}

// OpenFolder opens a folder of this user. The last element of path may not be a link.
func OpenFolder(path string) (*Folder, error) {
	d, err := openFolder(unix.AT_FDCWD, path, path)
	if err == nil && !d.is.mine() {
		_ = d.Close()
		return nil, foreign(path, d.is)
	}
	return d, err
}

// OpenAny opens a folder of any user: one that holds folders of ours. Links in path are followed.
func OpenAny(path string) (*Folder, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return folderOf(fd, path)
}

// Mine is nil when path, or what a link of this user there leads to, is a folder of this user. A link of another user can lead
// anywhere.
func Mine(path string) error {
	link, err := factsAt(unix.AT_FDCWD, path, 0)
	if err == nil && !link.mine() {
		err = foreign(path, link)
	}
	if err != nil {
		return err
	}
	d, err := OpenAny(path)
	if err != nil {
		return err
	}
	defer d.Close()
	if !d.is.mine() {
		return foreign(path, d.is)
	}
	return nil
}

// openFolder opens the folder that name is, and no link. One of ours that cannot be read is made readable.
func openFolder(at int, name, path string) (*Folder, error) {
	by, err := unix.Openat(at, name, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOTDIR) {
		if f, bad := factsAt(at, name, 0); bad == nil && f.kind() != unix.S_IFDIR {
			return nil, fmt.Errorf("%s is %s where a folder has to be: %w", path, kindName(f), err)
		}
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(by)
	f, err := factsOf(by)
	if err == nil && f.mine() && f.mode&0o700 != 0o700 {
		err = unix.Fchmodat(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", by), f.mode&0o7777|0o700, 0)
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	fd, err := unix.Openat(by, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return folderOf(fd, path)
}

func folderOf(fd int, path string) (*Folder, error) {
	d := &Folder{file: os.NewFile(uintptr(fd), path), path: path}
	var err error
	if d.is, err = factsOf(fd); err != nil {
		return nil, errors.Join(&fs.PathError{Op: "stat", Path: path, Err: err}, d.Close())
	}
	return d, nil
}

// Close closes it.
func (d *Folder) Close() error { return d.file.Close() }

func (d *Folder) fd() int { return int(d.file.Fd()) }

// Down opens a folder below, such as "a/b": every element has to be a folder of this user, and no link.
func (d *Folder) Down(rel string) (*Folder, error) {
	again, err := unix.Openat(d.fd(), ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: d.path, Err: err}
	}
	at, err := folderOf(again, d.path)
	if err != nil {
		return nil, err
	}
	for _, name := range elements(filepath.Clean(rel)) {
		if name == "." {
			continue
		}
		path := filepath.Join(at.path, name)
		next, err := openFolder(at.fd(), name, path)
		_ = at.Close()
		switch {
		case name == "..":
			err = errors.Join(fmt.Errorf("%s leads out of %s", rel, d.path), next.Close())
		case err == nil && !next.is.mine():
			err = errors.Join(foreign(path, next.is), next.Close())
		}
		if err != nil {
			return nil, err
		}
		at = next
	}
	return at, nil
}

// Names are the entries, in portions of at most n (all if n is not positive); io.EOF after the last.
func (d *Folder) Names(n int) ([]string, error) { return d.file.Readdirnames(n) }

// ReadFile returns the content of a regular file of this user in the folder, at most limit bytes.
func (d *Folder) ReadFile(name string, limit int64) ([]byte, error) {
	path := filepath.Join(d.path, name)
	if strings.Contains(name, "/") {
		return nil, fmt.Errorf("%s is not a name", name)
	}
	fd, err := unix.Openat(d.fd(), name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, opening(path, err)
	}
	f, err := regular(os.NewFile(uintptr(fd), path), path)
	if err != nil {
		return nil, err
	}
	if is, err := factsOf(int(f.Fd())); err != nil || !is.mine() {
		return nil, errors.Join(err, foreign(path, is), f.Close())
	}
	return readUpTo(f, path, limit)
}

// Rename gives an entry of the folder another name in it. It replaces nothing but an empty folder or a file.
func (d *Folder) Rename(from, to string) error {
	if err := unix.Renameat(d.fd(), from, d.fd(), to); err != nil {
		return &os.LinkError{Op: "rename", Old: filepath.Join(d.path, from), New: filepath.Join(d.path, to), Err: err}
	}
	if err := d.file.Sync(); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOTSUP) {
		return fmt.Errorf("syncing %s: %w", d.path, err)
	}
	return nil
}
