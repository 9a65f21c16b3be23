package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/sys/unix"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/safefile"
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
		return Tree{}, errors.Join(fmt.Errorf("marking the run's directory: %w", err), safefile.RemoveAll(context.Background(), t.Root))
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
		if !strings.HasPrefix(d.Name(), ".assay-") || !d.IsDir() {
			continue
		}
		f, err := old.open()
		if err != nil {
			continue // another run's, or another user's
		}
		_ = f.Close() // Remove opens and asks again
		if _, err := old.Remove(); err != nil {
			return fmt.Errorf("removing what an earlier attempt left: %w", err)
		}
	}
	return nil
}

// open opens the directory if it is this user's and carries this run's mark, which has to be this user's too: whoever may
// write in the measured directory can make a directory of any name, with any mark.
func (t Tree) open() (*safefile.Folder, error) {
	f, err := safefile.OpenFolder(t.Root)
	if err != nil {
		return nil, err
	}
	b, err := f.ReadFile(markFile, 64<<10)
	if err == nil && string(b) != t.mark {
		err = errors.New("its mark is that of another run")
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Remove removes the run's directory and checks that it is gone. It returns how many files were still in it.
func (t Tree) Remove() (left int, err error) {
	f, err := t.open()
	if err != nil {
		return 0, fmt.Errorf("%s has lost the mark of this run and was not removed (%w); inspect it, then type: rm -r %s", t.Root, err, t.Root)
	}
	defer f.Close()
	// The mark goes last: a removal that is cut short can be taken up by the next attempt.
	if left, err = f.Empty(context.Background(), markFile); err == nil {
		_, err = f.Empty(context.Background())
	}
	if err == nil {
		err = unix.Rmdir(t.Root) // empty: if another directory has got its name meanwhile, that one stays
	}
	if _, gone := os.Lstat(t.Root); err == nil && !errors.Is(gone, fs.ErrNotExist) {
		err = fmt.Errorf("%s is still there", t.Root)
	}
	if err != nil {
		return left, fmt.Errorf("removing what was written: %w; inspect it, then type: rm -r %s", err, t.Root)
	}
	return left, nil
}
