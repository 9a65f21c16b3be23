package lustre

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"assay/api/v1alpha1"
)

func (s *system) remove(ctx context.Context, spec v1alpha1.Lustre, owner string) error {
	path, err := clean(spec.Path)
	if err != nil {
		return err
	}
	_, err = s.steps.do(ctx, "change "+path, "remove "+owner, func() (any, error) { return nil, removeNow(ctx, path, owner) })
	if err != nil {
		return fmt.Errorf("removing directory %s: %w", path, err)
	}
	return nil
}

func removeNow(ctx context.Context, path, owner string) error {
	temp := tempName(path, owner)
	if err := dropTemp(temp); err != nil {
		return fmt.Errorf("removing what an earlier try left in %s: %w", temp, err)
	}
	fd, err := openDir(unix.AT_FDCWD, path)
	switch {
	case errors.Is(err, unix.ENOENT):
		return nil
	case errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP):
		return fmt.Errorf("it is a file or a symbolic link: %w", ErrNotOurs)
	case err != nil:
		return err
	}
	defer unix.Close(fd)
	if err := mustBeOurs(fd, path, owner); err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	w := walker{ctx: ctx, dev: uint64(st.Dev)}
	if err := w.empty(fd, path, markerName); err != nil {
		return err
	}
	// Only the mark is left. Out of sight first: between the two last steps the directory would look like the user's.
	if err := rename(path, temp); err != nil {
		return err
	}
	return dropTemp(temp)
}

func mustBeOurs(fd int, path, owner string) error {
	at, err := unix.Openat(fd, markerName, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("it has no mark of ours: %w", ErrNotOurs)
	}
	if err != nil {
		return fmt.Errorf("its mark cannot be read (%w): %w", err, ErrNotOurs)
	}
	m, err := decodeMarker(at)
	if err != nil {
		return fmt.Errorf("its mark cannot be read (%w): %w", err, ErrNotOurs)
	}
	if !m.ours(path, owner) {
		return fmt.Errorf("its mark says %q at %s: %w", m.Owner, m.Path, ErrNotOurs)
	}
	return nil
}

func openDir(at int, name string) (int, error) {
	return unix.Openat(at, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
}

// walker removes by descriptors: no name in it is ever followed, and no other file system entered.
type walker struct {
	ctx context.Context
	dev uint64
}

// empty removes all in the directory but the entry keep.
func (w walker) empty(fd int, path, keep string) error {
	again, err := unix.Dup(fd)
	if err != nil {
		return err
	}
	dir := os.NewFile(uintptr(again), path)
	defer dir.Close()
	for { // in portions: a benchmark leaves millions of files
		names, err := dir.Readdirnames(4096)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := w.ctx.Err(); err != nil {
				return fmt.Errorf("cut short; the rest goes with the next try: %w", err)
			}
			if name == keep {
				continue
			}
			if err := w.drop(fd, name, filepath.Join(path, name)); err != nil {
				return err
			}
		}
	}
}

func (w walker) drop(fd int, name, path string) error {
	err := unix.Unlinkat(fd, name, 0)
	if err == nil || errors.Is(err, unix.ENOENT) {
		return nil
	}
	if !errors.Is(err, unix.EISDIR) && !errors.Is(err, unix.EPERM) {
		return fmt.Errorf("removing %s: %w", path, err)
	}
	sub, openErr := openDir(fd, name)
	if openErr != nil {
		return fmt.Errorf("removing %s: %w", path, openErr)
	}
	defer unix.Close(sub)
	var st unix.Stat_t
	if err := unix.Fstat(sub, &st); err != nil {
		return fmt.Errorf("removing %s: %w", path, err)
	}
	if uint64(st.Dev) != w.dev {
		return fmt.Errorf("%s is another file system, which stays; unmount it first", path)
	}
	if err := w.empty(sub, path, ""); err != nil {
		return err
	}
	if err := unix.Unlinkat(fd, name, unix.AT_REMOVEDIR); err != nil && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("removing %s: %w", path, err)
	}
	return nil
}
