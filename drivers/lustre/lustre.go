// Package lustre keeps directories on a parallel file system: it reads their state, makes them with the declared stripes,
// and removes them again.
//
// A directory is ours only if assay made it: then it holds a file .assay that names the owner and the path. It is filled under
// a temporary name and renamed into place, so that a crash never leaves a directory of ours unmarked, nor marks one of the
// user's. A directory that was there before is used as it is, and never changed nor deleted.
//
// A file system whose servers are gone blocks its callers for ever. So every step runs in a goroutine of its own, and its
// caller gives up after a while; the next call for the same path joins a step that is stuck and does not start another.
//
// On other file systems everything works but stripes and quota.
//
// A directory is removed by descriptors (package safefile): a path could be swapped for a symbolic link between a check and a
// removal.
//
// Dependency: golang.org/x/sys/unix for statfs and for renaming without replacing.
package lustre

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"assay/api/v1alpha1"
)

const (
	statLimit   = 5 * time.Second
	makeLimit   = 30 * time.Second
	askLimit    = 1500 * time.Millisecond // of an lfs command that asks: three that hang still fit into a stat
	stripeLimit = 10 * time.Second
	quotaPause  = 10 * time.Second // between two questions about one path: quota commands load the servers
	lustreMagic = 0x0BD00BD0
)

// ErrNotOurs marks a refusal to touch a directory that assay did not make for this owner. For a removal it is not a failure:
// the owner has nothing to remove.
var ErrNotOurs = errors.New("not made by assay for this service")

// Directory is what Stat found. Figures are -1 where nothing is known or nothing limits.
type Directory struct {
	Exists      bool
	Ours        bool // made by assay for this owner
	IsLustre    bool
	Striped     bool   // new files get the stripes that were asked for
	FreeBytes   int64  // on the whole file system
	FreeInodes  int64  // likewise
	QuotaBytes  int64  // left to the user or the project
	QuotaInodes int64  // likewise
	FSType      string // lustre, ext4, tmpfs…
	Message     string // for people: what is missing
	Stripes     string // the layout as lfs prints it, such as "4 x 1Mi"
}

// Stat reads the state of the directory. A directory that does not exist is not an error: the figures are its parent's then.
func Stat(ctx context.Context, spec v1alpha1.Lustre, owner string) (Directory, error) {
	return host.stat(ctx, spec, owner)
}

// Make makes the directory, unless it is there: one of the owner's is left alone, and so is one of the user's.
func Make(ctx context.Context, spec v1alpha1.Lustre, owner string) error {
	return host.make(ctx, spec, owner)
}

// Remove removes a directory that the owner made, and all in it. It can be cut short and called again: the mark goes last.
// A directory that is not the owner's is refused with ErrNotOurs. A directory that does not exist is not an error.
func Remove(ctx context.Context, spec v1alpha1.Lustre, owner string) error {
	return host.remove(ctx, spec, owner)
}

// system is what the package asks of the machine; tests replace parts of it.
type system struct {
	statfs func(path string, st *unix.Statfs_t) error
	wait   time.Duration // of a stat
	steps  steps
	quotas quotas
}

func newSystem() *system { return &system{statfs: unix.Statfs, wait: statLimit} }

var host = newSystem()

func (s *system) stat(ctx context.Context, spec v1alpha1.Lustre, owner string) (Directory, error) {
	unknown := Directory{FreeBytes: -1, FreeInodes: -1, QuotaBytes: -1, QuotaInodes: -1}
	path, err := clean(spec.Path)
	if err != nil {
		return unknown, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.wait)
	defer cancel()
	key := fmt.Sprint("stat ", path, " ", owner, " ", spec.StripeCount, " ", int64(spec.StripeSize))
	got, err := s.steps.do(ctx, key, "stat", func() (any, error) {
		return s.statNow(spec, path, owner) // bounded by its own tools' limits, not by the first caller's patience
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return unknown, fmt.Errorf("reading the state of directory %s: its file system did not answer: %w; try `ls %s` there, and ask the site if that hangs too", path, err, filepath.Dir(path))
	}
	if err != nil {
		return unknown, fmt.Errorf("reading the state of directory %s: %w", path, err)
	}
	return got.(Directory), nil
}

func (s *system) statNow(spec v1alpha1.Lustre, path, owner string) (Directory, error) {
	d := Directory{FreeBytes: -1, FreeInodes: -1, QuotaBytes: -1, QuotaInodes: -1}
	at := path
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		at = filepath.Dir(path)
		if _, err := os.Stat(at); err != nil {
			d.Message = fmt.Sprintf("neither %s nor its parent is there; make the parent first", path)
			return d, nil
		}
		d.Message = "the directory is not there yet"
	case err != nil:
		return d, err
	case !info.IsDir():
		return d, fmt.Errorf("it is not a directory; give another path")
	default:
		d.Exists = true
		m, err := readMarker(path)
		link, linkErr := os.Lstat(path)
		d.Ours = err == nil && m.ours(path, owner) && linkErr == nil && link.IsDir() // a link to it was not made by us
	}
	if err := s.space(at, &d); err != nil {
		return d, err
	}
	if d.IsLustre {
		d.QuotaBytes, d.QuotaInodes = s.quotas.left(at)
		if d.Exists {
			d.layout(spec, path)
		}
	}
	d.enough(spec)
	return d, nil
}

func (s *system) space(at string, d *Directory) error {
	var st unix.Statfs_t
	if err := s.statfs(at, &st); err != nil {
		return fmt.Errorf("asking for free space: %w", err)
	}
	d.IsLustre, d.FSType = uint32(st.Type) == lustreMagic, fsName(uint32(st.Type))
	d.FreeBytes = int64(st.Bavail) * int64(st.Bsize)
	if st.Files > 0 { // some file systems have no fixed number of inodes
		d.FreeInodes = int64(st.Ffree)
	}
	return nil
}

// enough says so where less is free than was asked for.
func (d *Directory) enough(spec v1alpha1.Lustre) {
	var missing []string
	note := func(what string, has, need int64, show func(int64) string) {
		if has >= 0 && has < need {
			missing = append(missing, fmt.Sprintf("%s: %s left, %s needed", what, show(has), show(need)))
		}
	}
	bytes := func(n int64) string { return v1alpha1.Quantity(n).String() }
	count := func(n int64) string { return fmt.Sprint(n) }
	note("space", d.FreeBytes, int64(spec.MinFree), bytes)
	note("quota", d.QuotaBytes, int64(spec.MinFree), bytes)
	note("files", d.FreeInodes, spec.MinInodes, count)
	note("quota of files", d.QuotaInodes, spec.MinInodes, count)
	if len(missing) > 0 {
		d.Message = strings.Join(missing, "; ")
	}
}

// fsName is the name of the usual file systems by their magic number, otherwise the number.
func fsName(magic uint32) string {
	name, ok := map[uint32]string{lustreMagic: "lustre", unix.EXT4_SUPER_MAGIC: "ext4", unix.TMPFS_MAGIC: "tmpfs", unix.XFS_SUPER_MAGIC: "xfs",
		unix.BTRFS_SUPER_MAGIC: "btrfs", unix.OVERLAYFS_SUPER_MAGIC: "overlay", unix.NFS_SUPER_MAGIC: "nfs", unix.FUSE_SUPER_MAGIC: "fuse",
		0x47504653: "gpfs", 0x19830326: "beegfs"}[magic]
	if !ok {
		return fmt.Sprintf("%#x", magic)
	}
	return name
}
