package durable

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// Schema is the version of the records that this assay writes, and the newest that it reads.
const Schema = 1

// MaxRecord bounds a record that is read, in bytes.
const MaxRecord = 64 << 20

// Encode is v, which must encode to a JSON object, as a record.
func Encode(v any) ([]byte, error) {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return nil, err
	}
	rest, ok := bytes.CutPrefix(b, []byte("{"))
	if !ok {
		return nil, fmt.Errorf("a record is a JSON object, not %.20s", b)
	}
	comma := ","
	if rest[0] == '}' {
		comma = "\n"
	}
	return fmt.Appendf(make([]byte, 0, len(b)+20), "{\n \"schema\": %d%s%s\n", Schema, comma, rest), nil
}

// Decode reads a record into v. Path is for the message of an error.
func Decode(path string, b []byte, v any) error {
	if n := schema(b); n > Schema {
		return fmt.Errorf("%s has schema %d and this assay reads up to %d: %w; use the assay that wrote it, or a later one", path, n, Schema, ErrNewer)
	}
	if err := json.Unmarshal(b, v); err != nil {
		return &damaged{path, err}
	}
	return nil
}

// schema is the version that a record begins with; 0 when it says none.
func schema(b []byte) int {
	rest, ok := bytes.CutPrefix(b, []byte("{\n \"schema\": "))
	if !ok { // written by hand, or compactly
		var head struct {
			Schema int `json:"schema"`
		}
		_ = json.Unmarshal(b, &head) // what is damaged shows where it is read
		return head.Schema
	}
	n := 0
	for _, c := range rest {
		if c < '0' || c > '9' || n > Schema {
			break
		}
		n = 10*n + int(c-'0')
	}
	return n
}

// damaged is a record that cannot be decoded.
type damaged struct {
	path string
	err  error
}

// Damaged is the error of a record whose content is wrong in a way that only its reader sees.
func Damaged(path string, err error) error { return &damaged{path, err} }

func (d *damaged) Error() string {
	hidden := filepath.Join(filepath.Dir(d.path), "."+filepath.Base(d.path))
	return fmt.Sprintf("%s is damaged (%v): restore it from a backup, or, once you know that what it describes is gone, type: mv %s %s.damaged", d.path, d.err, d.path, hidden)
}

func (d *damaged) Unwrap() []error { return []error{ErrDamaged, d.err} }

// ReadRecord reads a record.
func ReadRecord(path string, v any) error {
	b, err := Read(path, MaxRecord)
	if err != nil {
		return err
	}
	return Decode(path, b, v)
}

// OptionalRecord reads a record that may be absent: nil then.
func OptionalRecord[T any](path string) (*T, error) {
	v := new(T)
	err := ReadRecord(path, v)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return v, nil
}

// ReplaceRecord writes v as a record, whole or not at all.
func (w Writer) ReplaceRecord(path string, v any, may Guard) error {
	b, err := Encode(v)
	if err != nil {
		return fmt.Errorf("encoding %s: %w", path, err)
	}
	return w.Replace(path, b, may)
}

// CreateRecord writes v as a record under a name that must not exist: fs.ErrExist otherwise.
func (w Writer) CreateRecord(path string, v any, may Guard) error {
	b, err := Encode(v)
	if err != nil {
		return fmt.Errorf("encoding %s: %w", path, err)
	}
	return w.Create(path, b, may)
}
