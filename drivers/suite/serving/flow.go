package serving

import (
	"io"
	"os"
	"path/filepath"

	"assay/drivers/durable"
)

// flowPiece is how much of a file goes to the disk at once, in bytes.
const flowPiece = 4 << 20

// flow is a file whose content goes to the disk while it is written, so that an fsync finds little to do.
type flow struct {
	*os.File
	size, sent int64
}

// Write writes b.
func (f *flow) Write(b []byte) (n int, err error) {
	n, err = f.File.Write(b)
	f.wrote(int64(n))
	return n, err
}

// ReadFrom writes what r has, from file to file without a detour.
func (f *flow) ReadFrom(r io.Reader) (all int64, err error) {
	for {
		n, err := io.CopyN(f.File, r, flowPiece)
		f.wrote(n)
		if all += n; err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
	}
}

func (f *flow) wrote(n int64) {
	if f.size += n; f.size-f.sent >= flowPiece {
		startWriting(f.File, f.sent, f.size-f.sent)
		f.sent = f.size
	}
}

// writeWhole replaces a file by what write writes.
func writeWhole(path string, write func(w io.Writer) error) error {
	f, err := durable.Writer{}.Nameless(filepath.Dir(path))
	if err != nil { // this file system has none
		return durable.Writer{}.Stream(path, 0o600, write)
	}
	defer f.Close()
	if err := write(&flow{File: f}); err != nil {
		return err
	}
	return durable.Writer{}.Adopt(f, path)
}
