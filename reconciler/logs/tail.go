package logs

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"assay/drivers/safefile"
)

// tailWindow bounds what a tail reads of a large log, in bytes.
const tailWindow = 4 << 20

// printFrom prints a file or its last lines, and returns where it ended.
func printFrom(w io.Writer, path string, tail int) (int64, error) {
	if tail < 0 {
		return copyFrom(w, path, 0)
	}
	f, err := safefile.Open(path)
	if err != nil {
		return 0, logError(path, err)
	}
	defer f.Close()
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, logError(path, err)
	}
	buf := make([]byte, min(end, tailWindow))
	if _, err := f.ReadAt(buf, end-int64(len(buf))); err != nil && !errors.Is(err, io.EOF) {
		return 0, logError(path, err)
	}
	lines := bytes.SplitAfter(buf, []byte("\n"))
	if n := len(lines); n > 0 && len(lines[n-1]) == 0 {
		lines = lines[:n-1]
	}
	for _, l := range lines[max(0, len(lines)-tail):] {
		if _, err := w.Write(l); err != nil {
			return 0, err
		}
	}
	return end, nil
}

func copyFrom(w io.Writer, path string, offset int64) (int64, error) {
	f, err := safefile.Open(path)
	if err != nil {
		return 0, logError(path, err)
	}
	defer f.Close()
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return 0, logError(path, err)
	}
	n, err := io.Copy(w, f)
	return offset + n, err
}

func logError(path string, err error) error {
	return fmt.Errorf("reading the log %s: %w", path, err)
}
