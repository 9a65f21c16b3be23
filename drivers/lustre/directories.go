package lustre

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// Directories is drivers.Folders on the file systems of this host.
type Directories struct {
	Work string // the site's paths.work
}

// Stat reports a directory as it is. Free space is what is left of the quota where that is less.
func (Directories) Stat(ctx context.Context, spec v1alpha1.Lustre, owner string) (drivers.Folder, error) {
	d, err := Stat(ctx, spec, owner)
	f := drivers.Folder{Exists: d.Exists, Ours: d.Ours, IsLustre: d.IsLustre, Striped: d.Striped, Message: d.Message,
		FreeBytes: least(d.FreeBytes, d.QuotaBytes), FreeInodes: least(d.FreeInodes, d.QuotaInodes)}
	return f, err
}

// least is the smaller of what is known; -1 is unknown.
func least(free, quota int64) int64 {
	if free < 0 || quota >= 0 && quota < free {
		return quota
	}
	return free
}

// Make also makes the folders that lead to it, where they are below Work.
func (d Directories) Make(ctx context.Context, spec v1alpha1.Lustre, owner string) error {
	if parent := filepath.Dir(spec.Path); strings.HasPrefix(parent, d.Work+string(filepath.Separator)) {
		if err := os.MkdirAll(parent, 0o700); err != nil {
			return fmt.Errorf("making the folder of %s: %w", spec.Path, err)
		}
	}
	return Make(ctx, spec, owner)
}

// Remove leaves a directory that carries another mark, or none; that is no error.
func (Directories) Remove(ctx context.Context, spec v1alpha1.Lustre, owner string) error {
	if err := Remove(ctx, spec, owner); !errors.Is(err, ErrNotOurs) {
		return err
	}
	return nil
}
