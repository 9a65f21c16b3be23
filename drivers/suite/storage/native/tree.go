package native

import (
	"fmt"
	"os"
	"path/filepath"

	"assay/api/v1alpha1"
)

// folders of the tree.
const (
	easyIO, hardIO, easyMD, hardMD = "ior-easy", "ior-hard", "mdtest-easy", "mdtest-hard"
	hardIOFile                     = "ior-hard/file"
	stamp                          = "timestamp"
)

// makeFolders fills the run's own directory.
func makeFolders(root string, s v1alpha1.Storage) error {
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
