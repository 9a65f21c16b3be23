package sealed

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/safefile"
	"assay/reconciler/plan"
	"assay/reconciler/redact"
)

// records are the files of a run that assay writes, and that hold settings.
var records = []string{"run.json", drivers.RequestFile}

// small is the size in bytes below which a file is not compressed.
const small = 4 << 10

// packed is how names of compressed members end.
const packed = ".gz"

// runMembers plans the members of a run: its records, its result, and the files that the result names. Its log stays: it is no result.
func (w *writer) runMembers(r plan.Run) (out []planned, err error) {
	names := append(slices.Clone(records), drivers.ResultFile)
	if r.Result != nil {
		names = append(names, r.Result.Files...)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		m, err := w.runMember(r, name)
		if errors.Is(err, fs.ErrNotExist) && (name == drivers.ResultFile || name == drivers.RequestFile) {
			continue // of a run that ended without
		}
		if err != nil {
			return nil, fmt.Errorf("run %s: %w", r.ID, err)
		}
		out = append(out, m)
	}
	return out, nil
}

func (w *writer) runMember(r plan.Run, name string) (planned, error) {
	f, err := safefile.OpenIn(r.Dir, filepath.FromSlash(name))
	if err != nil {
		return planned{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return planned{}, err
	}
	was := strings.HasSuffix(name, packed)
	m := planned{name: runsFolder + url.PathEscape(r.ID) + "/" + name}
	pack := was || info.Size() > small
	if pack && !was {
		m.name += packed
	}
	if !allowed(m.name) {
		return planned{}, fmt.Errorf("its file %q has a name that no bundle can hold", name)
	}
	m.fill = func(to io.Writer) error {
		if !pack {
			return w.runFile(to, r.Dir, name)
		}
		gz := gzip.NewWriter(to)
		return errors.Join(w.runFile(gz, r.Dir, name), gz.Close())
	}
	return m, nil
}

// runFile writes a file of a run without secrets, and decompressed: a secret cannot be seen in what is compressed.
func (w *writer) runFile(to io.Writer, dir, name string) error {
	f, err := safefile.OpenIn(dir, filepath.FromSlash(name))
	if err != nil {
		return err
	}
	defer f.Close()
	if slices.Contains(records, name) {
		b, err := io.ReadAll(io.LimitReader(f, durable.MaxRecord))
		if err == nil {
			b, _, err = redact.Settings(b)
		}
		if err == nil {
			err = w.hide(to, strings.NewReader(string(b)+"\n"))
		}
		return err
	}
	var from io.Reader = f
	if strings.HasSuffix(name, packed) {
		gz, err := gzip.NewReader(f)
		if err != nil {
			return fmt.Errorf("reading %s: %w", filepath.Join(dir, name), err)
		}
		from = gz
	}
	if err := w.hide(to, from); err != nil {
		return fmt.Errorf("reading %s: %w", filepath.Join(dir, name), err)
	}
	return nil
}

// hide copies without the values that must not appear: stored ones, and those of settings of the manifest.
func (w *writer) hide(to io.Writer, from io.Reader) error {
	var flush []*redact.Writer
	for _, values := range []*redact.Values{w.settings, w.secrets} {
		if values.Longest() > 0 { // it looks at every byte
			inner := values.Writer(to)
			to, flush = inner, append(flush, inner)
		}
	}
	_, err := io.Copy(to, from)
	for i := len(flush) - 1; i >= 0; i-- {
		err = errors.Join(err, flush[i].Flush())
	}
	return err
}
