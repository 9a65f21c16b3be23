package lustre

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"assay/api/v1alpha1"
	"assay/drivers/durable"
)

func (s *system) make(ctx context.Context, spec v1alpha1.Lustre, owner string) error {
	path, err := clean(spec.Path)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, makeLimit)
	defer cancel()
	_, err = s.steps.do(ctx, "change "+path, "make "+owner, func() (any, error) { return nil, s.makeNow(spec, path, owner) })
	if err != nil {
		return fmt.Errorf("making directory %s: %w", path, err)
	}
	return nil
}

func (s *system) makeNow(spec v1alpha1.Lustre, path, owner string) error {
	switch info, err := os.Stat(path); {
	case err == nil && info.IsDir():
		return nil // ours and whole, or the user's
	case err == nil:
		return errors.New("a file is there; give another path")
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	if _, err := os.Lstat(path); err == nil {
		return errors.New("a symbolic link that leads nowhere is there; remove it or give another path")
	}
	parent := filepath.Dir(path)
	if info, err := os.Stat(parent); err != nil || !info.IsDir() {
		return fmt.Errorf("its parent %s is not a directory that is there: check the path for a slip, or type mkdir -p %s", parent, parent)
	}
	temp := tempName(path, owner)
	if err := dropTemp(temp); err != nil {
		return fmt.Errorf("removing what an earlier try left in %s: %w", temp, err)
	}
	if err := os.Mkdir(temp, 0o700); err != nil {
		return err
	}
	if err := s.fill(spec, temp, path, owner); err != nil {
		return errors.Join(err, dropTemp(temp))
	}
	return nil
}

// fill marks and stripes the directory under its temporary name, then shows it under its own.
func (s *system) fill(spec v1alpha1.Lustre, temp, path, owner string) error {
	if err := writeMarker(temp, marker{Owner: owner, Path: path, Made: time.Now().UTC()}); err != nil {
		return fmt.Errorf("marking it as ours: %w", err)
	}
	var d Directory
	if err := s.space(temp, &d); err != nil {
		return err
	}
	if d.IsLustre {
		if err := setStripes(spec, temp); err != nil {
			return err
		}
	}
	if err := rename(temp, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// rename never replaces. Old Lustre clients cannot promise that; there the check before has to do, and a rename
// replaces nothing but an empty directory anyway.
func rename(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	switch {
	case errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS):
		if _, err := os.Lstat(to); !errors.Is(err, os.ErrNotExist) {
			return errors.New("another process made it meanwhile; try again")
		}
		return durable.Writer{NoSync: true}.Move(from, to) // the callers fsync what has to be durable
	case errors.Is(err, unix.EEXIST):
		return errors.New("another process made it meanwhile; try again")
	}
	return err
}

// tempName is the same at each try, so that what a crash left is found again.
func tempName(path, owner string) string {
	sum := sha256.Sum256([]byte(owner + "\x00" + path))
	return filepath.Join(filepath.Dir(path), fmt.Sprintf(".assay-%x", sum[:8]))
}
