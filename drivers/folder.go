package drivers

import (
	"context"

	"assay/api/v1alpha1"
)

// Folder is the observed state of a directory target.
type Folder struct {
	Exists     bool
	Ours       bool // its marker names the owner that was asked about
	IsLustre   bool
	Striped    bool   // Lustre, with a layout of its own
	FreeBytes  int64  // of the file system, or left of the quota if that is less; -1: unknown
	FreeInodes int64  // likewise
	Message    string // a sentence about the file system: its type, layout, what could not be read
}

// Folders are directories on a parallel file system. owner is an opaque mark; a directory with another mark, or without one,
// is never removed. Every method is idempotent and ends with ctx, because a dead file system hangs.
type Folders interface {
	// Stat observes the directory. One that does not exist is not an error.
	Stat(ctx context.Context, spec v1alpha1.Lustre, owner string) (Folder, error)
	// Make makes the directory, marks it, and stripes it. A directory that exists is left as it is.
	Make(ctx context.Context, spec v1alpha1.Lustre, owner string) error
	// Remove removes the directory if it carries owner's mark.
	Remove(ctx context.Context, spec v1alpha1.Lustre, owner string) error
}
