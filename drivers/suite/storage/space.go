package storage

import (
	"context"
	"fmt"

	"golang.org/x/sys/unix"

	"assay/api/v1alpha1"
)

// Sizes that IO500 fixes, in bytes.
const (
	HardRecord = 47008 // of ior-hard
	HardFile   = 3901  // of mdtest-hard
)

// What a phase without a declared size can fill, as shares of the space that is free and not needed by the others.
const (
	easyShare  = 0.5 // ior-easy
	hardShare  = 0.2 // ior-hard
	filesShare = 0.1 // each of the mdtests, of bytes and inodes
	block      = 4096
	mostOfAll  = 0.95
)

// Limits are the largest numbers of pieces that one task writes in a write phase.
type Limits struct {
	Transfers int // of ior-easy
	Records   int // of ior-hard
	Easy      int // files of mdtest-easy
	Hard      int // files of mdtest-hard
}

// room is the free space of a directory.
type room struct{ bytes, inodes float64 }

// Preflight compares the declared sizes with the free space of dir, quotas on Lustre included, and fails when they do not
// fit. It bounds the sizes that are left open, so that a benchmark does not fill a file system that others need.
func Preflight(ctx context.Context, dir string, s v1alpha1.Storage) (Limits, error) {
	free, err := freeIn(ctx, dir)
	if err != nil {
		return Limits{}, fmt.Errorf("reading the free space of %s: %w", dir, err)
	}
	tasks := float64(s.Nodes * s.TasksPerNode)
	need := tasks * (float64(s.BlockSize) + float64(s.Segments)*HardRecord + 2*float64(s.Files)*block)
	if need > mostOfAll*free.bytes {
		return Limits{}, fmt.Errorf("the benchmark writes %s, but %s has %s left: lower blockSize, segments or files",
			size(need), dir, size(free.bytes))
	}
	files := 2 * tasks * float64(s.Files)
	if files > mostOfAll*free.inodes {
		return Limits{}, fmt.Errorf("the benchmark makes %.0f files, but %s has room for %.0f: lower files", files, dir, free.inodes)
	}
	free.bytes, free.inodes = free.bytes-need, free.inodes-files
	per := func(given int, share, unit float64) int {
		if given > 0 {
			return given
		}
		return max(1, int(min(share/unit/tasks, 1<<40)))
	}
	most := min(filesShare*free.bytes/block, filesShare*free.inodes)
	return Limits{
		Transfers: per(int(s.BlockSize/s.TransferSize), easyShare*free.bytes, float64(s.TransferSize)),
		Records:   per(s.Segments, hardShare*free.bytes, HardRecord),
		Easy:      per(s.Files, most, 1), Hard: per(s.Files, most, 1),
	}, nil
}

func freeIn(ctx context.Context, dir string) (room, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return room{}, err
	}
	unit := st.Frsize // of the counts; FUSE has a larger one in Bsize
	if unit == 0 {
		unit = st.Bsize
	}
	r := room{bytes: float64(st.Bavail) * float64(unit), inodes: float64(st.Ffree)}
	if st.Files == 0 { // the file system has no fixed number of inodes
		r.inodes = 1e12
	}
	if !IsLustre(dir) {
		return r, nil
	}
	return r, quota(ctx, dir, &r)
}

func size(n float64) string { return v1alpha1.Quantity(int64(n) >> 20 << 20).String() }
