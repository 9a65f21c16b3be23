package remote

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers/safefile"
)

// PlaceAll names, in the experiments of a manifest, the place here of every file that they name by its path on the laptop: below
// a folder, by its content, so that another content is another file. FetchAll brings them there.
func (s *Session) PlaceAll(m v1alpha1.Manifest, folder string) {
	for i := range m.Experiments {
		m.Experiments[i].EachFile(func(path string) string {
			to, ok := s.Place(path, folder)
			if !ok {
				return path
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			s.placed[to] = path
			return to
		})
	}
}

// FetchAll brings the files that experiments name from the laptop to where PlaceAll has put them.
func (s *Session) FetchAll(m v1alpha1.Manifest) error {
	wanted := map[string]string{}
	for i := range m.Experiments {
		m.Experiments[i].EachFile(func(path string) string {
			s.mu.Lock()
			defer s.mu.Unlock()
			if from, ok := s.placed[path]; ok {
				wanted[path] = from
			}
			return path
		})
	}
	for to, from := range wanted {
		if err := s.Fetch(from, filepath.Dir(filepath.Dir(to))); err != nil {
			return err
		}
	}
	return nil
}

// SaveMade is Save of a file that fill makes here first, under the path that it gets.
func (s *Session) SaveMade(name string, fill func(path string) error) error {
	return temporarily(func(dir string) error {
		path := filepath.Join(dir, "made")
		if err := fill(path); err != nil {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		return s.Save(name, func(w io.Writer) error { _, err := io.Copy(w, f); return err })
	})
}

// Borrow hands use the place of a file of the laptop while use runs. Errors of use name it as the laptop does.
func (s *Session) Borrow(path string, use func(here string) error) error {
	return temporarily(func(dir string) error {
		if err := s.Fetch(path, dir); err != nil {
			return err
		}
		here, _ := s.Place(path, dir)
		err := use(here)
		if err != nil {
			err = errors.New(strings.ReplaceAll(err.Error(), here, path))
		}
		return err
	})
}

func temporarily(do func(dir string) error) error {
	dir, err := os.MkdirTemp("", "assay-")
	if err != nil {
		return err
	}
	defer func() { _ = safefile.RemoveAll(context.Background(), dir) }() // also when the verb is told to end
	return do(dir)
}
