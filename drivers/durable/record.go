package durable

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
)

// Schema is the version of the records that this assay writes, and the newest that it reads. Agents of an older assay read
// what a newer controller writes for them, and the other way round, so raising it cuts both off from each other.
const Schema = 1

// MaxRecord bounds a record that is read, in bytes.
const MaxRecord = 64 << 20

// head is how Encode begins a record, before the version.
const head = "{\n \"schema\": "

// Encode returns v, which must encode to a JSON object, as a record.
func Encode(v any) ([]byte, error) { return EncodeVersion(v, Schema) }

// EncodeVersion is Encode for a kind of record that has a version of its own.
func EncodeVersion(v any, version int) ([]byte, error) {
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
	return fmt.Appendf(make([]byte, 0, len(b)+20), "%s%d%s%s\n", head, version, comma, rest), nil
}

// EncodeCompact is EncodeVersion with what is in the record on one line: for many records in one file, which people seldom read.
func EncodeCompact(v any, version int) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	if len(b) < 3 || b[0] != '{' {
		return nil, fmt.Errorf("a record is a JSON object with something in it, not %.20s", b)
	}
	return fmt.Appendf(make([]byte, 0, len(b)+30), "%s%d,\n %s%s", head, version, b[1:len(b)-1], stateEnd), nil
}

// Decode reads a record into v; of several states of one, the last (see Extend). Path is for the message of an error: ErrNewer or ErrDamaged.
func Decode(path string, b []byte, v any) error {
	_, err := decode(path, b, v, Schema)
	return err
}

// decode also returns the record's version, at most newest.
func decode(path string, b []byte, v any, newest int) (int, error) {
	b = last(b)
	n, err := schema(b)
	if n > newest {
		return n, fmt.Errorf("%s has schema %d and this assay reads up to %d: %w; use the assay that wrote it, or a later one", path, n, newest, ErrNewer)
	}
	if err == nil {
		err = json.Unmarshal(b, v)
	}
	if err != nil {
		return n, Damaged(path, err)
	}
	return n, nil
}

// schema returns the version of a record; 0 when it has none.
func schema(b []byte) (int, error) {
	rest, ok := bytes.CutPrefix(b, []byte(head))
	if !ok || len(rest) == 0 || rest[0] < '0' || rest[0] > '9' { // written by hand, compactly, or without a version
		return slowSchema(b)
	}
	n := 0
	for _, c := range rest {
		if c < '0' || c > '9' || n > 1000 {
			break
		}
		n = 10*n + int(c-'0')
	}
	return n, nil
}

func slowSchema(b []byte) (int, error) {
	if b = bytes.TrimLeft(b, " \t\r\n"); !bytes.HasPrefix(b, []byte("{")) {
		return 0, nil // not an object, which has no version
	}
	var v struct {
		Schema int `json:"schema"`
	}
	err := json.Unmarshal(b, &v)
	return v.Schema, err
}

// ReadRecord reads a record of at most MaxRecord bytes into v.
func ReadRecord(path string, v any) error {
	b, err := Read(path, MaxRecord)
	if err != nil {
		return err
	}
	return Decode(path, b, v)
}

// ReadVersion reads a record of a kind that has a version of its own, and returns that version: at most newest.
func ReadVersion(path string, v any, newest int) (int, error) {
	b, err := Read(path, MaxRecord)
	if err != nil {
		return 0, err
	}
	return decode(path, b, v, newest)
}

// OptionalRecord reads a record that can be absent: nil then.
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
