package durable

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// The kinds of error besides fs.ErrNotExist and fs.ErrExist.
var (
	ErrDamaged    = errors.New("damaged")
	ErrNewer      = errors.New("written by a newer assay")
	ErrTooLarge   = errors.New("too large")
	ErrNotRegular = errors.New("not a regular file")
	ErrForeign    = errors.New("it belongs to another user")
)

// damaged is a record that cannot be decoded.
type damaged struct {
	path string
	err  error
}

// Damaged is the error of a record whose content is wrong in a way that only its reader sees.
func Damaged(path string, err error) error { return &damaged{path, err} }

// Error says what to type: a hidden file is ignored by all readers.
func (d *damaged) Error() string {
	hidden := filepath.Join(filepath.Dir(d.path), "."+filepath.Base(d.path)+".damaged")
	return fmt.Sprintf("%s is damaged (%v): restore it from a backup, or, once you know that what it describes is gone, type: mv %s %s",
		d.path, d.err, quoted(d.path), quoted(hidden))
}

func (d *damaged) Unwrap() []error { return []error{ErrDamaged, d.err} }

// quoted is a path as a shell takes it.
func quoted(path string) string {
	if !strings.ContainsAny(path, " \t\n\"'\\$&;|<>()[]{}*?!#~`") {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
