package sealed

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"

	"assay/api/v1alpha1"
	"assay/drivers/durable"
	"assay/drivers/safefile"
)

// Files are where the data sets of a manifest are for a replay.
type Files struct {
	Notes  []string // a sentence each
	take   map[string]Member
	bundle *Bundle
}

// Place names, in an experiment, where its data sets are here: those of the bundle will be below folder, by their content;
// others have to be at their path, or in dir by their name, with the content that the runs read. What is missing is the error.
func (b *Bundle) Place(e *v1alpha1.Experiment, folder, dir string) (*Files, error) {
	f := &Files{take: map[string]Member{}, bundle: b}
	var missing []error
	e.EachFile(func(path string) string {
		i := slices.IndexFunc(b.Provenance.Data, func(d DataSet) bool { return d.Path == path })
		if i < 0 {
			f.Notes = append(f.Notes, fmt.Sprintf("No run of the bundle says what was in %s, so it is taken as it is here.", path))
			return path
		}
		d := b.Provenance.Data[i]
		if k := slices.IndexFunc(b.Members, func(m Member) bool { return m.Name == dataFolder+d.SHA256 }); k >= 0 {
			name := filepath.Base(path)
			if !plainName.MatchString(name) { // another's words decide no path
				name = "data"
			}
			to := filepath.Join(folder, d.SHA256, name)
			f.take[to] = b.Members[k]
			return to
		}
		at, err := find(d, dir)
		if err != nil {
			missing = append(missing, err)
			return path
		}
		return at
	})
	return f, errors.Join(missing...)
}

// find is where a data set that did not travel along is.
func find(d DataSet, dir string) (string, error) {
	places := []string{d.Path}
	if dir != "" {
		places = append([]string{filepath.Join(dir, filepath.Base(d.Path))}, places...)
	}
	other := ""
	for _, path := range places {
		sum, _, err := safefile.Sum(path)
		switch {
		case err == nil && sum == d.SHA256:
			return filepath.Abs(path)
		case err == nil:
			other = fmt.Sprintf("; %s is another file (sha256 %s)", path, sum)
		case !errors.Is(err, fs.ErrNotExist):
			return "", fmt.Errorf("the data set %s: %w", path, err)
		}
	}
	return "", fmt.Errorf("the data set %s (%d bytes, sha256 %s) is not in the bundle and not here%s; put it at that path, or into a folder that you name with --data", d.Path, d.Bytes, d.SHA256, other)
}

// Take takes the data sets out of the bundle, unless they are there already.
func (f *Files) Take() error {
	for to, m := range f.take {
		if sum, _, err := safefile.Sum(to); err == nil && sum == m.SHA256 {
			continue
		}
		w := durable.Writer{}
		err := w.MkdirAll(filepath.Dir(to))
		if err == nil {
			err = w.Stream(to, 0o600, func(w io.Writer) error { return f.bundle.Extract(m, w) })
		}
		if err != nil {
			return fmt.Errorf("taking the data set %s out of the bundle: %w", filepath.Base(to), err)
		}
	}
	return nil
}
