//go:build !linux

package serving

import (
	"io"
	"os"
)

// mapped reads the file into memory.
func mapped(f *os.File, size int64) ([]byte, error) {
	data := make([]byte, size)
	_, err := io.ReadFull(io.NewSectionReader(f, 0, size), data)
	return data, err
}

func unmapped([]byte) error { return nil }

func scratch(_ string, size int64) ([]byte, error) { return make([]byte, size), nil }

// stepBack does nothing: a thread has no priority of its own here.
func stepBack() {}
