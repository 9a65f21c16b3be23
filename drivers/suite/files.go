package suite

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"assay/drivers"
	"assay/drivers/safefile"
)

// DataFiles are the files of a data set as they are now; empty paths are left out.
func DataFiles(paths ...string) (out []drivers.DataFile, err error) {
	for _, path := range paths {
		if path == "" {
			continue
		}
		f, err := safefile.Open(path)
		if err != nil {
			return nil, fmt.Errorf("reading the data set %s: %w", path, err)
		}
		h := sha256.New()
		n, err := io.Copy(h, f)
		_ = f.Close() // it was only read
		if err != nil {
			return nil, fmt.Errorf("reading the data set %s: %w", path, err)
		}
		out = append(out, drivers.DataFile{Path: path, Bytes: n, SHA256: hex.EncodeToString(h.Sum(nil))})
	}
	return out, nil
}
