package safefile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// portion is how many names are read at a time: a benchmark leaves millions of files.
const portion = 4096

// RemoveAll removes what path names: a link itself, a file, a folder with all that is in it. What belongs to another user,
// and what another file system is mounted on, stays and is named; what is not there is no error.
func RemoveAll(ctx context.Context, path string) error {
	parent, err := OpenAny(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("removing %s: %w", path, err)
	}
	defer parent.Close()
	_, err = parent.Remove(ctx, filepath.Base(path))
	return err
}

// Remove removes an entry of the folder, with all that is in it, and returns how many entries other than folders that were.
// It stops at the first that it may not remove; the rest goes with the next try.
func (d *Folder) Remove(ctx context.Context, name string) (removed int, err error) {
	path := filepath.Join(d.path, name)
	f, err := factsAt(d.fd(), name, 0)
	switch {
	case errors.Is(err, unix.ENOENT):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("removing %s: %w", path, err)
	case !f.mine():
		return 0, fmt.Errorf("removing %s: %w", path, foreign(path, f))
	case f.kind() != unix.S_IFDIR:
		if err := unix.Unlinkat(d.fd(), name, 0); err != nil && !errors.Is(err, unix.ENOENT) {
			return 0, fmt.Errorf("removing %s: %w", path, err)
		}
		return 1, nil
	}
	sub, err := openFolder(d.fd(), name, path)
	if err != nil {
		return 0, fmt.Errorf("removing %s: %w", path, err)
	}
	defer sub.Close()
	switch {
	case !sub.is.mine():
		return 0, fmt.Errorf("removing %s: %w", path, foreign(path, sub.is))
	case sub.is.dev != d.is.dev || sub.is.mnt != d.is.mnt:
		return 0, fmt.Errorf("removing %s: another file system is mounted there, which stays; unmount it first: umount %s", path, path)
	}
	if removed, err = sub.Empty(ctx); err != nil {
		return removed, err
	}
	if err := unix.Unlinkat(d.fd(), name, unix.AT_REMOVEDIR); err != nil && !errors.Is(err, unix.ENOENT) {
		return removed, fmt.Errorf("removing %s: %w", path, err)
	}
	return removed, nil
}

// Empty removes all entries of the folder but those named, and counts as Remove does. On some file systems a listing skips
// entries when others are removed meanwhile, so the folder is listed until nothing is found, or passes are over.
func (d *Folder) Empty(ctx context.Context, but ...string) (removed int, err error) {
	for range passes {
		n, found, err := d.emptyOnce(ctx, but)
		if removed += n; err != nil || !found {
			return removed, err
		}
	}
	return removed, nil
}

const passes = 10

func (d *Folder) emptyOnce(ctx context.Context, but []string) (removed int, found bool, err error) {
	again, err := d.Down("") // a position of its own
	if err != nil {
		return 0, false, err
	}
	defer again.Close()
	for {
		names, err := again.Names(portion)
		if errors.Is(err, io.EOF) {
			return removed, found, nil
		}
		if err != nil {
			return removed, found, fmt.Errorf("emptying %s: %w", d.path, err)
		}
		for _, name := range names {
			if err := ctx.Err(); err != nil {
				return removed, found, fmt.Errorf("emptying %s was cut short, and the rest goes with the next try: %w", d.path, err)
			}
			if slices.Contains(but, name) {
				continue
			}
			n, err := d.Remove(ctx, name)
			if removed += n; err != nil {
				return removed, found, err
			}
			found = true
		}
	}
}
