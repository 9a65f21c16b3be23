package durable

import (
	"fmt"
	"os"
)

// Append adds lines to a file, in one write. A line that a crash cut short is ended first, so that it damages no other.
// The lines are not fsynced: see AppendSync.
func (w Writer) Append(path string, lines ...[]byte) error { return w.add(path, lines, false) }

// AppendSync is Append for a line that must survive a power cut.
func (w Writer) AppendSync(path string, line []byte) error {
	return w.add(path, [][]byte{line}, !w.NoSync)
}

func (w Writer) add(path string, lines [][]byte, sync bool) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("appending to %s: %w", path, err)
	}
	defer f.Close()
	var whole []byte
	if torn(f) {
		whole = append(whole, '\n')
	}
	for _, line := range lines {
		whole = append(append(whole, line...), '\n')
	}
	err = w.step("append", func() error { _, err := f.Write(whole); return err })
	if err == nil && sync {
		err = w.step("fsync", f.Sync)
	}
	if err != nil {
		return fmt.Errorf("appending to %s: %w", path, err)
	}
	return nil
}

// torn reports whether a crash cut the last line short.
func torn(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return false
	}
	last := make([]byte, 1)
	_, err = f.ReadAt(last, info.Size()-1)
	return err == nil && last[0] != '\n'
}
