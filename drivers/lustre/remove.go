package lustre

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"

	"assay/api/v1alpha1"
	"assay/drivers/safefile"
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
	dir, err := safefile.OpenFolder(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP):
		return fmt.Errorf("it is a file or a symbolic link: %w", ErrNotOurs)
	case errors.Is(err, safefile.ErrForeign):
		return fmt.Errorf("%w: %w", err, ErrNotOurs)
	case err != nil:
		return err
	}
	defer dir.Close()
	if err := mustBeOurs(dir, path, owner); err != nil {
		return err
	}
	if _, err := dir.Empty(ctx, markerName); err != nil {
		return err
	}
	// Only the mark is left. Out of sight first: between the two last steps the directory would look like the user's.
	if err := rename(path, temp); err != nil {
		return err
	}
	return dropTemp(temp)
}

func mustBeOurs(dir *safefile.Folder, path, owner string) error {
	var m marker
	b, err := dir.ReadFile(markerName, maxMarker)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("it has no mark of ours: %w", ErrNotOurs)
	case err == nil:
		err = json.Unmarshal(b, &m)
	}
	if err != nil {
		return fmt.Errorf("its mark cannot be read (%w): %w", err, ErrNotOurs)
	}
	if !m.ours(path, owner) {
		return fmt.Errorf("its mark says %q at %s: %w", m.Owner, m.Path, ErrNotOurs)
	}
	return nil
}

// dropTemp removes a directory under its temporary name: it holds the mark or nothing, and with anything else in it it stays.
func dropTemp(temp string) error {
	dir, err := safefile.OpenFolder(temp)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP):
		return errors.New("it is not a directory; remove it by hand")
	case err != nil:
		return err
	}
	defer dir.Close()
	if _, err := dir.Remove(context.Background(), markerName); err != nil {
		return err
	}
	return unix.Rmdir(temp)
}
