package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"assay/drivers/durable"
	"assay/drivers/safefile"
	"assay/reconciler/redact"
)

// folder is what an export writes. It can be made again, so nothing waits for a disk.
type folder struct {
	ctx     context.Context
	dir     string
	secrets *redact.Values
	made    Made
}

var writer = durable.Writer{NoSync: true}

// stream writes a file, whole or not at all.
func (f *folder) stream(name string, fill func(io.Writer) error) error {
	if err := f.ctx.Err(); err != nil {
		return err
	}
	if !filepath.IsLocal(name) { // names of files come from results
		return fmt.Errorf("%q is no name of a file in the folder", name)
	}
	path := filepath.Join(f.dir, name)
	err := writer.MkdirAll(filepath.Dir(path))
	if err == nil {
		err = writer.Stream(path, 0o600, fill)
	}
	if err == nil {
		f.made.Files++
	}
	return err
}

func (f *folder) text(name, text string) error {
	return f.stream(name, func(w io.Writer) error { _, err := io.WriteString(w, text); return err })
}

// note says once what a reader of the export has to know.
func (f *folder) note(format string, v ...any) {
	f.made.Notes = append(f.made.Notes, fmt.Sprintf(format, v...))
}

// copy takes a file of a run over, without stored secrets. What is compressed has numbers alone (samples.go).
func (f *folder) copy(name, dir, rel string) error {
	from, err := safefile.OpenIn(dir, rel)
	if err != nil {
		return err
	}
	defer from.Close()
	return f.stream(name, func(to io.Writer) error {
		if strings.HasSuffix(rel, ".gz") {
			_, err := io.Copy(to, from)
			return err
		}
		w := f.secrets.Writer(to)
		_, err := io.Copy(w, from)
		return errors.Join(err, w.Flush())
	})
}
