package site

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers/durable"
)

// Local is the name of the built-in site.
const Local = "local"

const maxFile = 4 << 20 // bytes of a remembered site; far above what a person writes

// ErrInvalid marks a remembered site that this assay does not accept.
var ErrInvalid = errors.New("a remembered site is no longer valid; correct it, or remove the file")

// Known returns the built-in site and every remembered one, by name.
func Known() (map[string]v1alpha1.Site, error) {
	known := map[string]v1alpha1.Site{Local: v1alpha1.LocalSite()}
	dir, err := sitesDir()
	if err != nil {
		return nil, err
	}
	names, err := durable.Names(dir)
	if err != nil {
		return nil, fmt.Errorf("reading the remembered sites: %w", err)
	}
	var files []v1alpha1.File
	for _, name := range names {
		path := filepath.Join(dir, name)
		if !strings.HasSuffix(name, ".yaml") {
			continue
		}
		data, err := durable.Read(path, maxFile)
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed since the folder was listed
		}
		if err != nil {
			return nil, fmt.Errorf("reading a remembered site: %w", err)
		}
		files = append(files, v1alpha1.File{Name: path, Data: data})
	}
	if len(files) == 0 {
		return known, nil
	}
	m, err := v1alpha1.Load(files, known, "")
	if err != nil {
		return nil, fmt.Errorf("%w:\n%w", ErrInvalid, err)
	}
	for _, s := range m.Sites {
		known[s.Metadata.Name] = s
	}
	return known, nil
}

// Default is the name of the site that a command uses when none is given: the only remembered one, else local.
func Default(known map[string]v1alpha1.Site) string {
	if len(known) == 2 {
		for name := range known {
			if name != Local {
				return name
			}
		}
	}
	return Local
}

// Remember keeps a site for later commands. It replaces one of the same name.
func Remember(s v1alpha1.Site) error {
	if err := remember(s); err != nil {
		return fmt.Errorf("remembering site %s: %w", s.Metadata.Name, err)
	}
	return nil
}

func remember(s v1alpha1.Site) error {
	dir, err := sitesDir()
	if err != nil {
		return err
	}
	var w durable.Writer
	if err := w.MkdirAll(dir); err != nil {
		return err
	}
	data, err := v1alpha1.Encode(s)
	if err != nil {
		return err
	}
	return w.Replace(filepath.Join(dir, s.Metadata.Name+".yaml"), data, nil)
}

// Forget removes a remembered site: fs.ErrNotExist when there is none of the name. Its state directory, and what runs there, stays as
// it is.
func Forget(name string) error {
	dir, err := sitesDir()
	if err != nil {
		return err
	}
	path := filepath.Join(dir, name+".yaml")
	if name != filepath.Base(name) || strings.HasPrefix(name, ".") {
		return fmt.Errorf("forgetting site %q: %w", name, fs.ErrNotExist)
	}
	if _, err := durable.Stat(path); err != nil {
		return fmt.Errorf("forgetting site %s: %w", name, err)
	}
	return durable.Writer{}.Remove(path)
}
