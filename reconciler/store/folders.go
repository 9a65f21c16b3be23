package store

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"assay/drivers/durable"
	"assay/reconciler/plan"
)

// folderPath is the record of one directory. A service whose path was changed has two for a while.
func (s *Store) folderPath(r plan.FolderRecord) string {
	sum := sha256.Sum256([]byte(r.Spec.Path))
	return filepath.Join(s.dir, "folders", safe(r.Experiment)+"."+safe(r.Service)+"."+hex.EncodeToString(sum[:6])+".json")
}

// PutFolder records a directory before it is made.
func (l *Lease) PutFolder(r plan.FolderRecord) error {
	if err := l.s.fs.MkdirAll(filepath.Dir(l.s.folderPath(r))); err != nil {
		return err
	}
	return l.replace(l.s.folderPath(r), r)
}

// DropFolder removes the record of a directory that is gone, or that another owner made.
func (l *Lease) DropFolder(r plan.FolderRecord) error {
	if err := l.Check(); err != nil {
		return err
	}
	return l.s.fs.Remove(l.s.folderPath(r))
}

// Folders are all recorded directories. Damaged records are in the error, a Damages.
func (s *Store) Folders() ([]plan.FolderRecord, error) {
	var out []plan.FolderRecord
	err := records(filepath.Join(s.dir, "folders"), func(_ string, r plan.FolderRecord) { out = append(out, r) })
	return out, err
}

// records reads the records of a folder, whose names begin with their experiment's. Those that are damaged are left out, and
// are in the error, a Damages; take gets the others, with their names.
func records[T any](dir string, take func(name string, r T)) error {
	files, err := durable.Names(dir)
	if err != nil {
		return err
	}
	var damages Damages
	for _, n := range files {
		if !strings.HasSuffix(n, ".json") {
			continue
		}
		var r T
		switch err := durable.ReadRecord(filepath.Join(dir, n), &r); {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil && contained(err):
			experiment, _, _ := strings.Cut(n, ".")
			damages = append(damages, Damage{Experiment: named(experiment), Err: err})
		case err != nil:
			return err
		default:
			take(n, r)
		}
	}
	return damages.or()
}
