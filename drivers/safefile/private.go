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

// mostLinks bounds the links that lead to a folder, as the kernel does.
const mostLinks = 40

// Private is nil when dir is this user's, and neither it nor any folder that leads to it lets another user write in it or put
// another folder in its place. Folders above it may be root's. A sticky folder, such as /tmp, lets others make names but not
// replace those of others. Of a dir that is not there yet the part that is there is judged. Links that lead to it are judged too.
func Private(dir string) error {
	return walk(dir, func(c *chain, f facts) error {
		if !f.mine() {
			return fmt.Errorf("%s belongs to %s: %w; give a folder that is yours", c.at, f.owner(), ErrForeign)
		}
		return c.folder(f)
	})
}

// Trusted is Private for a file or a folder that can be root's too: nobody but this user and root can change it, or put another
// one in its place.
func Trusted(path string) error {
	return walk(path, func(c *chain, f facts) error {
		switch {
		case !f.trusted():
			return fmt.Errorf("%s belongs to %s, who can change it: %w", c.at, f.owner(), ErrForeign)
		case f.kind() == unix.S_IFDIR:
			return c.folder(f)
		case f.openToOthers():
			return fmt.Errorf("%w: %s has mode %s; once you know that its content is what it should be, type: chmod go-w %s", ErrUnsafe, c.at, f.permissions(), c.at)
		}
		return nil
	})
}

// walk goes from the root of the machine to path and judges every folder that leads there, and with last what path names.
func walk(path string, last func(c *chain, f facts) error) error {
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	_, _ = os.Stat(abs) // mounts what is mounted on demand
	c := chain{at: "/", todo: elements(abs)}
	if c.fd, err = unix.Open("/", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0); err != nil {
		return fmt.Errorf("opening /: %w", err)
	}
	defer func() { _ = unix.Close(c.fd) }()
	for {
		f, err := factsOf(c.fd)
		switch {
		case err != nil:
			return &fs.PathError{Op: "stat", Path: c.at, Err: err}
		case len(c.todo) == 0:
			return last(&c, f)
		}
		if err := c.judge(f); err != nil {
			return err
		}
		if err := c.step(); errors.Is(err, fs.ErrNotExist) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// Private is Private for an entry of the folder, which is known to be so itself. An entry that is not there is nobody's.
func (d *Folder) Private(name string) error {
	f, err := factsAt(d.fd(), name, 0)
	switch {
	case errors.Is(err, unix.ENOENT):
		return nil
	case err != nil:
		return &fs.PathError{Op: "stat", Path: filepath.Join(d.path, name), Err: err}
	case f.kind() == unix.S_IFLNK || !f.mine() || f.openToOthers():
		return Private(filepath.Join(d.path, name)) // which says what is wrong, and follows a link of ours
	}
	return nil
}

func elements(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
}

// chain is a way from the root of the machine to a folder.
type chain struct {
	fd    int
	at    string   // where fd is
	todo  []string // the rest of the way
	links int
}

// folder judges the folder that the way leads to, by who can write in it.
func (c *chain) folder(f facts) error {
	switch {
	case f.kind() != unix.S_IFDIR:
		return fmt.Errorf("%s is not a folder", c.at)
	case f.openToOthers():
		return fmt.Errorf("%w: %s has mode %s, and what is in it can be anybody's; see what is not yours: find %s ! -user %d; then type: chmod go-w %s",
			ErrUnsafe, c.at, f.permissions(), c.at, os.Geteuid(), c.at)
	}
	return nil
}

// judge refuses a folder on the way that another user could use to put something in our place.
func (c *chain) judge(f facts) error {
	switch {
	case f.kind() != unix.S_IFDIR:
		return fmt.Errorf("%s is not a folder", c.at)
	case !f.trusted():
		return fmt.Errorf("%s belongs to %s, who can put another folder in the place of %s in it: %w; give a folder below your home",
			c.at, f.owner(), c.todo[0], ErrForeign)
	case f.openToOthers() && f.mode&unix.S_ISVTX == 0:
		next := "have its owner type: chmod +t " + c.at
		if f.mine() {
			next = "type: chmod go-w " + c.at
		}
		return fmt.Errorf("%w: %s has mode %s, so that others can put another folder in the place of %s in it; %s; or give a folder below your home",
			ErrUnsafe, c.at, f.permissions(), c.todo[0], next)
	}
	return nil
}

// step goes one element further, or follows a link: links of this user and of root only.
func (c *chain) step() error {
	name := c.todo[0]
	path := filepath.Join(c.at, name)
	fd, err := unix.Openat(c.fd, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return &fs.PathError{Op: "open", Path: path, Err: err}
	}
	f, err := factsOf(fd)
	if err != nil || f.kind() != unix.S_IFLNK {
		_ = unix.Close(c.fd)
		c.fd, c.at, c.todo = fd, path, c.todo[1:]
		return err
	}
	defer unix.Close(fd)
	if c.links++; c.links > mostLinks {
		return &fs.PathError{Op: "open", Path: path, Err: unix.ELOOP}
	}
	if !f.trusted() {
		return fmt.Errorf("%s is a link of %s, who can let it lead elsewhere: %w; give the folder itself", path, f.owner(), ErrForeign)
	}
	target := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(fd, "", target)
	if err != nil {
		return &fs.PathError{Op: "readlink", Path: path, Err: err}
	}
	to := string(target[:n])
	if filepath.IsAbs(to) {
		root, err := unix.Open("/", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("opening /: %w", err)
		}
		_ = unix.Close(c.fd)
		c.fd, c.at = root, "/"
	}
	c.todo = append(elements(to), c.todo[1:]...)
	return nil
}
