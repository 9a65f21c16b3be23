package remote

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/safefile"
)

// Request is a verb as it was typed, and what it needs of the laptop.
type Request struct {
	Args      []string  `json:"args"`               // without the program's name
	Manifest  *Manifest `json:"manifest,omitempty"` // nil: the verb was given none
	Attached  []File    `json:"attached,omitempty"` // files that arguments name
	Terminal  Terminal  `json:"terminal"`
	Listening string    `json:"listening,omitempty"` // where the laptop listens for the verb; empty: nowhere
	Context   string    `json:"context"`             // its name
}

// Manifest is what the files of a verb's -f hold.
type Manifest struct {
	Files    []v1alpha1.File   `json:"files"`
	Folders  map[string]string `json:"folders,omitempty"` // where relative paths in them count from, by their names
	Origin   drivers.Origin    `json:"origin"`
	Problem  string            `json:"problem,omitempty"` // they could not be read
	Stamp    string            `json:"stamp,omitempty"`   // differs also when a file was written again with the same content
	Heads    string            `json:"heads,omitempty"`   // the commits that are checked out
	Secrets  []Secret          `json:"secrets,omitempty"`
	Attached []File            `json:"attached,omitempty"` // files that it names by relative paths
}

// Secret is the value that a manifest names, or why there is none.
type Secret struct {
	Env     string `json:"env,omitempty"`
	File    string `json:"file,omitempty"`
	Value   string `json:"value,omitempty"`
	Problem string `json:"problem,omitempty"`
}

// File is one of the laptop that the site may ask for.
type File struct {
	Path string `json:"path"` // as the argument says, or absolute
	Sum  string `json:"sum"`  // SHA-256 in hexadecimal
	Size int64  `json:"size"` // bytes
}

// MostFile bounds a file that travels, in bytes.
const MostFile = 16 << 30

const mostAttached = 1000

// Attach looks at a file that may travel.
func Attach(path string) (File, error) {
	sum, size, err := safefile.Sum(path)
	if err == nil && size > MostFile {
		err = fmt.Errorf("%s has more than %d GiB, which is too much to send: copy it to the site, and name it there by its absolute path", path, MostFile>>30)
	}
	return File{path, sum, size}, err
}

// Terminal says which streams of the laptop are terminals. Columns are 0 where there is none.
type Terminal struct {
	In      bool `json:"in,omitempty"`
	Out     int  `json:"out,omitempty"`     // columns
	Err     int  `json:"err,omitempty"`     // columns
	Columns int  `json:"columns,omitempty"` // a new width of the terminal, in a frame of its own
	Lines   int  `json:"lines,omitempty"`   // of the terminal; 0: not known
	Plain   bool `json:"plain,omitempty"`   // who types wants no colours
}

// check refuses a request that no laptop sends.
func (r Request) check() error {
	if len(r.Args) == 0 || len(r.Args) > 10_000 {
		return fmt.Errorf("a request of %d arguments", len(r.Args))
	}
	if r.Manifest != nil {
		if err := r.Manifest.check(); err != nil {
			return err
		}
	}
	return checkFiles(r.Attached)
}

func (m Manifest) check() error {
	if len(m.Files) > v1alpha1.MaxFiles {
		return fmt.Errorf("a manifest of %d files", len(m.Files))
	}
	return checkFiles(m.Attached)
}

func checkFiles(all []File) error {
	if len(all) > mostAttached {
		return fmt.Errorf("%d files", len(all))
	}
	for _, f := range all {
		if !isSum(f.Sum) || f.Size < 0 || f.Size > MostFile || f.Path == "" {
			return fmt.Errorf("a file %q of %d bytes with hash %q", f.Path, f.Size, f.Sum)
		}
	}
	return nil
}

func isSum(s string) bool {
	for _, c := range s {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(s) == 64
}

// err is what went wrong with a file: fs.ErrExist where its name is taken.
func (e ended) err() error {
	switch {
	case e.Taken:
		return fmt.Errorf("%s: %w", e.Error, fs.ErrExist)
	case e.Error != "":
		return errors.New(e.Error)
	}
	return nil
}

// base is the last element of a path, as a name that is safe in a folder.
func base(path string) string {
	name := filepath.Base(filepath.Clean("/" + path))
	if name == "/" {
		return "file"
	}
	return name
}

// askPorts and gotPorts are about ports of loopback that lead to the site, as streams of their numbers.
type (
	input struct { // standard input
		Data  []byte `json:"data,omitempty"`
		End   bool   `json:"end,omitempty"`
		Error string `json:"error,omitempty"`
	}
	need  struct{ Sum string }
	save  struct{ Name string }
	ended struct { // a file that was saved
		Error string `json:"error,omitempty"`
		Taken bool   `json:"taken,omitempty"` // a file of its name is there
	}
	askPorts struct {
		Ports []int // that are wished for
	}
	gotPorts struct {
		Ports []int  `json:"ports,omitempty"`
		Error string `json:"error,omitempty"`
	}
	exit struct{ Code int }
)

const mostPorts = 500
