package native

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"golang.org/x/sys/unix"

	"assay/api/v1alpha1"
	"assay/drivers"
)

const (
	hardRecord = 47008 // bytes of ior-hard
	hardFile   = 3901  // bytes of mdtest-hard
	easyShare  = 0.5   // of what is free: the most that ior-easy may fill without a size
	hardShare  = 0.2   // likewise ior-hard
	filesShare = 0.1   // likewise, of bytes and inodes, each of the mdtests
	block      = 4096  // a small file takes at least this much
)

// limits are the most that one task does in a write phase.
type limits struct {
	Transfers int // ior-easy
	Records   int // ior-hard
	Easy      int // files of mdtest-easy
	Hard      int // files of mdtest-hard
}

// preflight compares what is to be written with what is free, and bounds what the request does not.
func preflight(dir string, s v1alpha1.Storage) (limits, []drivers.Reason, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return limits{}, nil, fmt.Errorf("looking at the free space of %s: %w", dir, err)
	}
	free := float64(st.Bavail) * float64(st.Bsize)
	inodes := float64(st.Ffree)
	if st.Files == 0 { // the file system does not count them
		inodes = 1e12
	}
	tasks := float64(s.Nodes * s.TasksPerNode)
	need := tasks * (float64(s.BlockSize) + float64(s.Segments)*hardRecord + float64(s.Files)*block)
	if need > 0.95*free {
		return limits{}, nil, fmt.Errorf("the sizes of the benchmark come to %s, but %s has %s free: lower blockSize, segments or files",
			size(need), dir, size(free))
	}
	if n := 2 * tasks * float64(s.Files); n > 0.95*inodes {
		return limits{}, nil, fmt.Errorf("the benchmark makes %.0f files, but %s has room for %.0f: lower files", n, dir, inodes)
	}
	per := func(given int, share, unit float64) int {
		if given > 0 {
			return given
		}
		return max(1, int(min(share/unit/tasks, 1<<40)))
	}
	files := min(filesShare*free/block, filesShare*inodes)
	l := limits{
		Transfers: per(int(s.BlockSize/s.TransferSize), easyShare*free, float64(s.TransferSize)),
		Records:   per(s.Segments, hardShare*free, hardRecord),
		Easy:      per(s.Files, files, 1), Hard: per(s.Files, files, 1),
	}
	return l, nil, nil
}

func size(n float64) string { return v1alpha1.Quantity(int64(n) >> 20 << 20).String() }

// folders of the tree.
const (
	easyIO, hardIO, easyMD, hardMD = "ior-easy", "ior-hard", "mdtest-easy", "mdtest-hard"
	hardIOFile                     = "ior-hard/file"
	stamp                          = "timestamp"
)

// attempt is the name of the tree of a run's second attempt and later ones: that of the first, and a number.
var attempt = regexp.MustCompile(`^(.*-[0-9a-f]{8})-[0-9]+$`)

func glob(pattern string) []string {
	found, _ := filepath.Glob(pattern) // a pattern that is none finds nothing
	return found
}

// makeTree makes the run's directory; one that is there belongs to somebody else, or to a run that was killed.
func makeTree(root string, s v1alpha1.Storage) error {
	if earlier := attempt.FindStringSubmatch(root); earlier != nil { // a job that was killed has left its own
		for _, old := range append([]string{earlier[1]}, glob(earlier[1]+"-*")...) {
			if err := os.RemoveAll(old); err != nil {
				return fmt.Errorf("removing what an earlier attempt left: %w", err)
			}
		}
	}
	if err := os.Mkdir(root, 0o700); errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already, left by a run that was killed; look at it, then type: rm -r %s", root, root)
	} else if err != nil {
		return fmt.Errorf("making the run's directory: %w", err)
	}
	for _, d := range []string{easyIO, hardIO, easyMD, hardMD} {
		if err := os.Mkdir(filepath.Join(root, d), 0o700); err != nil {
			return fmt.Errorf("making the run's directories: %w", err)
		}
	}
	for rank := range s.Nodes * s.TasksPerNode {
		if err := os.Mkdir(filepath.Join(root, easyMD, fmt.Sprint(rank)), 0o700); err != nil {
			return fmt.Errorf("making the run's directories: %w", err)
		}
	}
	return nil
}
