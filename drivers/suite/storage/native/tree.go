package native

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"assay/api/v1alpha1"
)

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
	if err := makeFolders(root, s); err != nil {
		return errors.Join(fmt.Errorf("making the run's directories: %w", err), os.RemoveAll(root))
	}
	return nil
}

func makeFolders(root string, s v1alpha1.Storage) error {
	for _, d := range []string{easyIO, hardIO, easyMD, hardMD} {
		if err := os.Mkdir(filepath.Join(root, d), 0o700); err != nil {
			return err
		}
	}
	for rank := range s.Nodes * s.TasksPerNode {
		if err := os.Mkdir(filepath.Join(root, easyMD, fmt.Sprint(rank)), 0o700); err != nil {
			return err
		}
	}
	return nil
}
