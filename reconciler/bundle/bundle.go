package bundle

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"assay/drivers/durable"
	"assay/reconciler/store"
)

// WholeFile is the size, in bytes, up to which a file is archived whole. Of a larger one the first and the last half of
// that are.
const WholeFile = 64 << 20

// Bundle is what goes into an archive.
type Bundle struct {
	Notes []string // what the user should know before the archive is given away, a sentence each

	st         *store.Store
	dir        string
	experiment string            // empty: all
	files      []string          // relative to dir
	content    map[string][]byte // by file: what is archived instead of its own content
	secrets    []string
	short      []string // where values are that are too short to be looked for
}

// Saved is what Save wrote.
type Saved struct {
	Files int
	Bytes int64    // of the archive
	Cut   []string // files whose middle was left out, relative to the state directory
}

// Collect lists what goes into an archive of one experiment, or of all when experiment is empty, and learns what must not
// appear in it.
func Collect(st *store.Store, experiment string) (*Bundle, error) {
	b := &Bundle{st: st, dir: st.Dir(), experiment: experiment, content: map[string][]byte{}}
	for _, step := range []func() error{b.known, b.list, b.filter, b.storedSecrets, b.settings} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// known refuses an experiment that was never here.
func (b *Bundle) known() error {
	if b.experiment == "" {
		return nil
	}
	history, err := b.st.History(b.experiment)
	damages, err := store.Tolerate(err)
	if err == nil && len(history)+len(damages) == 0 {
		err = fmt.Errorf("no experiment %q; what there is: assay get experiments", b.experiment)
	}
	return err
}

// Save writes the archive, mode 0600, replacing what has that name. Progress, which may be nil, is called with the number
// of files done, of all, and the name of the next one.
func (b *Bundle) Save(ctx context.Context, path string, progress func(done, total int, name string)) (Saved, error) {
	var saved Saved
	err := durable.Writer{}.Stream(path, 0o600, func(w io.Writer) error {
		out := &counter{w: w}
		ar, err := b.write(ctx, out, progress)
		if err == nil {
			saved = Saved{Files: ar.files, Bytes: out.n, Cut: ar.cut}
		}
		return err
	})
	if err != nil {
		return Saved{}, fmt.Errorf("writing the archive %s: %w", path, err)
	}
	return saved, nil
}

// write archives every file that was collected.
func (b *Bundle) write(ctx context.Context, w io.Writer, progress func(int, int, string)) (*archive, error) {
	scratch, err := os.CreateTemp("", "assay-bundle-*")
	if err != nil {
		return nil, err
	}
	defer scratch.Close()
	if err := os.Remove(scratch.Name()); err != nil { // it lives as long as it is open
		return nil, err
	}
	if progress == nil {
		progress = func(int, int, string) {}
	}
	gz := gzip.NewWriter(w)
	ar := &archive{tar: tar.NewWriter(gz), secrets: b.secrets, scratch: scratch, limit: WholeFile}
	for i, name := range b.files {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		progress(i, len(b.files), name)
		if err := ar.add(b.dir, name, b.content[name]); err != nil {
			return nil, err
		}
	}
	progress(len(b.files), len(b.files), "")
	return ar, errors.Join(ar.tar.Close(), gz.Close())
}

// counter counts what passes.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// inState is the path of a file of the state directory.
func (b *Bundle) inState(name string) string { return filepath.Join(b.dir, name) }
