package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/lustre"
)

// directories are the directory targets of the loop.
type directories struct{ work string }

func (directories) Stat(ctx context.Context, spec v1alpha1.Lustre, owner string) (drivers.Folder, error) {
	d, err := lustre.Stat(ctx, spec, owner)
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

// Make also makes the folders that lead to it, where they are below our own.
func (d directories) Make(ctx context.Context, spec v1alpha1.Lustre, owner string) error {
	if parent := filepath.Dir(spec.Path); strings.HasPrefix(parent, d.work+string(filepath.Separator)) {
		if err := os.MkdirAll(parent, 0o700); err != nil {
			return fmt.Errorf("making the folder of %s: %w", spec.Path, err)
		}
	}
	return lustre.Make(ctx, spec, owner)
}

// Remove takes what is not ours for done: it stays.
func (directories) Remove(ctx context.Context, spec v1alpha1.Lustre, owner string) error {
	if err := lustre.Remove(ctx, spec, owner); !errors.Is(err, lustre.ErrNotOurs) {
		return err
	}
	return nil
}
