package suite

import (
	"fmt"

	"assay/drivers"
	"assay/drivers/safefile"
)

// DataFiles are the files of a data set as they are now; empty paths are left out.
func DataFiles(paths ...string) (out []drivers.DataFile, err error) {
	for _, path := range paths {
		if path == "" {
			continue
		}
		sum, n, err := safefile.Sum(path)
		if err != nil {
			return nil, fmt.Errorf("reading the data set %s: %w", path, err)
		}
		out = append(out, drivers.DataFile{Path: path, Bytes: n, SHA256: sum})
	}
	return out, nil
}
