package durable

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"syscall"
)

// ErrChanged means that a file is not as its only writer left it.
var ErrChanged = errors.New("changed by somebody else")

// stateEnd ends every record that Encode writes. No string in a record holds it: JSON has no raw line ends.
const stateEnd = "\n}\n"

// Extend puts a later state of a record, as Encode returns it, behind the earlier ones in its file, which must have size
// bytes: ErrChanged otherwise. Whoever reads the record gets the last whole state, so a crash leaves the former one or the
// new one. It costs a metadata server nothing: no name is made or replaced. May is asked just before the write.
func (w Writer) Extend(path string, size int64, state []byte, may Guard) error {
	f, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return fmt.Errorf("extending %s: %w", path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && (!info.Mode().IsRegular() || info.Size() != size) {
		err = ErrChanged
	}
	if err == nil && may != nil {
		err = may()
	}
	if err == nil {
		err = w.step("append", func() error { _, err := f.WriteAt(state, size); return err })
	}
	if err == nil && !w.NoSync {
		err = w.step("fsync", f.Sync)
	}
	if err != nil {
		return fmt.Errorf("extending %s: %w", path, err)
	}
	return nil
}

// last is the last whole state of a record. What a crash left of a later one is left out; anything else behind it is damage,
// which shows when the record is decoded.
func last(b []byte) []byte {
	end := bytes.LastIndex(b, []byte(stateEnd))
	if end < 0 || !unfinished(b[end+len(stateEnd):]) {
		return b
	}
	begin := bytes.LastIndex(b[:end], []byte(stateEnd))
	if begin >= 0 {
		begin += len(stateEnd)
	}
	return b[max(0, begin) : end+len(stateEnd)]
}

// unfinished reports whether b is the beginning of a state, or nothing. A power cut can leave zeros.
func unfinished(b []byte) bool {
	b = bytes.TrimRight(b, "\x00")
	n := min(len(b), len(head))
	return string(b[:n]) == head[:n]
}

// ReadStates reads all whole states of a file that Extend made longer, oldest first, as records of at most the version newest.
// What a crash left of a later one is left out; anything else that is no state is damage, and so is a file without one.
func ReadStates[T any](path string, newest int) ([]T, error) {
	b, err := Read(path, MaxRecord)
	if err != nil {
		return nil, err
	}
	var out []T
	for {
		whole := b
		end := bytes.Index(b, []byte(stateEnd))
		switch {
		case end >= 0:
			whole = b[:end+len(stateEnd)]
		case len(out) > 0 && unfinished(b):
			return out, nil
		}
		var v T
		if _, err := decode(path, whole, &v, newest); err != nil {
			return nil, err
		}
		out, b = append(out, v), b[len(whole):]
	}
}
