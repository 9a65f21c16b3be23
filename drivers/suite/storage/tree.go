package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"assay/drivers"
	"assay/drivers/durable"
)

// markFile is the file in a run's own directory that names the run. A directory without it is never removed.
const markFile = ".assay-run"

// Tree is the run's own directory below the measured one.
type Tree struct{ Root, mark string }

// laterAttempt matches the directory of a run's second and later attempts: that of the first, and a number.
var laterAttempt = regexp.MustCompile(`^(.*-[0-9a-f]{8})-[0-9]+$`)

// MakeTree makes the run's own directory below req.Directory; dir is where the run's files are kept. First it removes what a
// killed attempt of the same run left. A directory of that name without the mark of this run is an error and stays.
func MakeTree(req drivers.SuiteRequest, dir string) (Tree, error) {
	mark := dir
	if first := laterAttempt.FindStringSubmatch(dir); first != nil {
		mark = first[1]
	}
	if err := removeEarlier(req.Directory, mark); err != nil {
		return Tree{}, err
	}
	t := Tree{filepath.Join(req.Directory, ".assay-"+req.Experiment+"-"+req.Run), mark}
	if err := os.Mkdir(t.Root, 0o700); errors.Is(err, fs.ErrExist) {
		return Tree{}, fmt.Errorf("%s is there already, but not marked as this run's; inspect it, then type: rm -r %s", t.Root, t.Root)
	} else if err != nil {
		return Tree{}, fmt.Errorf("making the run's directory: %w", err)
	}
	if err := (durable.Writer{}).Replace(filepath.Join(t.Root, markFile), []byte(mark), nil); err != nil {
		return Tree{}, errors.Join(fmt.Errorf("marking the run's directory: %w", err), os.RemoveAll(t.Root))
	}
	return t, nil
}

func removeEarlier(directory, mark string) error {
	there, err := os.ReadDir(directory)
	if err != nil {
		return fmt.Errorf("listing what an earlier attempt left: %w", err)
	}
	for _, d := range there {
		old := Tree{filepath.Join(directory, d.Name()), mark}
		if !strings.HasPrefix(d.Name(), ".assay-") || !d.IsDir() || !old.ours() {
			continue
		}
		if _, err := old.Remove(); err != nil {
			return fmt.Errorf("removing what an earlier attempt left: %w", err)
		}
	}
	return nil
}

// ours reports whether the directory carries this run's mark.
func (t Tree) ours() bool {
	b, err := durable.Read(filepath.Join(t.Root, markFile), 64<<10)
	return err == nil && string(b) == t.mark
}

// Remove removes the run's directory and checks that it is gone. It returns how many files were still in it.
func (t Tree) Remove() (left int, err error) {
	if !t.ours() {
		return 0, fmt.Errorf("%s has lost the mark of this run and was not removed; inspect it, then type: rm -r %s", t.Root, t.Root)
	}
	err = filepath.WalkDir(t.Root, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != markFile {
			left++
		}
		return err
	})
	// The mark goes last: a removal that is cut short can be taken up by the next attempt.
	there, listed := os.ReadDir(t.Root)
	err = errors.Join(err, listed)
	for _, d := range there {
		if d.Name() != markFile {
			err = errors.Join(err, os.RemoveAll(filepath.Join(t.Root, d.Name())))
		}
	}
	if err == nil {
		err = os.RemoveAll(t.Root)
	}
	if _, gone := os.Lstat(t.Root); !errors.Is(gone, fs.ErrNotExist) {
		err = errors.Join(err, fmt.Errorf("%s is still there; type: rm -r %s", t.Root, t.Root))
	}
	if err != nil {
		return left, fmt.Errorf("removing what was written: %w", err)
	}
	return left, nil
}
