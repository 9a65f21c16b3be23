package safefile

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
)

// Sum is the SHA-256 of a regular file, in hexadecimal, and its size in bytes.
func Sum(path string) (sum string, size int64, err error) {
	f, err := Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	if size, err = io.Copy(h, f); err != nil {
		return "", 0, fmt.Errorf("reading %s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}
