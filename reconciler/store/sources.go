package store

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
	"assay/reconciler/plan"
)

// sourcePath is the record of one followed source. An owner can be longer than a file's name.
func (s *Store) sourcePath(owner string) string {
	sum := sha256.Sum256([]byte(owner))
	return filepath.Join(s.dir, "sources", hex.EncodeToString(sum[:8])+".json")
}

// PutSource records what a followed source last delivered. Like accepting a revision it needs no lease: the command that
// follows the source writes it, and the loop only reads it.
func (s *Store) PutSource(src plan.Source) error {
	path := s.sourcePath(src.Owner)
	err := s.fs.MkdirAll(filepath.Dir(path))
	if err == nil {
		err = s.fs.ReplaceRecord(path, src, nil)
	}
	if err != nil {
		return fmt.Errorf("recording what %s delivered: %w", src.Origin.Path, err)
	}
	return nil
}

// PutBudget records the budget of a followed source, nil for none, before anything that it delivers is accepted.
func (s *Store) PutBudget(owner string, origin drivers.Origin, budget *v1alpha1.Budget) error {
	src, err := s.Source(owner)
	if err != nil || budget == nil && src.Budget == nil {
		return err
	}
	if src.Owner == "" {
		src.Owner, src.Origin = owner, origin
	}
	src.Budget = budget
	return s.PutSource(src)
}

// DropSource forgets a source that nobody follows any more, and what its experiments used.
func (s *Store) DropSource(owner string) error {
	for _, path := range []string{s.sourcePath(owner), s.spentPath(owner)} {
		if err := s.fs.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("forgetting the source %s: %w", owner, err)
		}
	}
	return nil
}

// Source reads the record of one owner; the zero value when there is none. A damaged record counts as none: the next
// delivery replaces it.
func (s *Store) Source(owner string) (plan.Source, error) {
	return readSource(s.sourcePath(owner))
}

// Sources are the records of all followed sources.
func (s *Store) Sources() ([]plan.Source, error) {
	dir := filepath.Join(s.dir, "sources")
	files, err := durable.Names(dir)
	if err != nil {
		return nil, err
	}
	var out []plan.Source
	for _, name := range files {
		if !strings.HasSuffix(name, ".json") {
			continue
		}
		src, err := readSource(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		if src.Owner != "" {
			out = append(out, src)
		}
	}
	return out, nil
}

func readSource(path string) (plan.Source, error) {
	var src plan.Source
	switch err := durable.ReadRecord(path, &src); {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, durable.ErrDamaged):
		return plan.Source{}, nil
	case err != nil:
		return src, fmt.Errorf("reading what a followed source delivered: %w", err)
	}
	return src, nil
}
