package drivers

import (
	"context"

	"assay/api/v1alpha1"
)

// Folder is a directory target as it is.
type Folder struct {
	Exists     bool
	Ours       bool // its marker names owner
	IsLustre   bool
	Striped    bool   // Lustre, with a layout of its own
	FreeBytes  int64  // of the file system, or left of the quota if that is less; -1: unknown
	FreeInodes int64  // likewise
	Message    string // a sentence about the file system: its type, layout, what could not be read
}

// Folders are directories on a parallel file system. Owner is an opaque mark; a directory that carries another one, or
// none, is never removed. Every method is idempotent and bounded by ctx: a dead file system hangs.
type Folders interface {
	Stat(ctx context.Context, spec v1alpha1.Lustre, owner string) (Folder, error)
	// Make makes the directory if it is not there, marks it, and stripes it. One that is there is left as it is.
	Make(ctx context.Context, spec v1alpha1.Lustre, owner string) error
	// Remove removes the directory if it is owner's.
	Remove(ctx context.Context, spec v1alpha1.Lustre, owner string) error
}
