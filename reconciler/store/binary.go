package store

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"assay/drivers/safefile"
)

// InstallBinary copies the program at path into the store, under its content's hash, and returns the copy. Jobs run the
// copy: replacing assay never changes a job that is running. A copy that is there already is only believed if it is this user's
// and has the content that its name says.
func (s *Store) InstallBinary(path string) (string, error) {
	src, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("copying assay into the state directory: %w", err)
	}
	defer src.Close()
	h := sha256.New()
	if _, err := io.Copy(h, src); err != nil {
		return "", fmt.Errorf("copying assay into the state directory: %w", err)
	}
	dir := filepath.Join(s.dir, "bin", hex.EncodeToString(h.Sum(nil)))
	to := filepath.Join(dir, "assay")
	if _, err := os.Lstat(to); err == nil {
		return to, safefile.Program(to)
	}
	if err := s.fs.MkdirAll(dir); err != nil {
		return "", fmt.Errorf("copying assay into the state directory: %w", err)
	}
	if err := s.copyProgram(src, dir, to); err != nil {
		return "", fmt.Errorf("copying assay into the state directory: %w", err)
	}
	return to, safefile.Program(to)
}

// copyProgram copies src to the name to, which appears only once the copy is complete.
func (s *Store) copyProgram(src *os.File, dir, to string) error {
	if _, err := src.Seek(0, io.SeekStart); err != nil {
		return err
	}
	err := s.fs.StreamNew(to, 0o700, func(w io.Writer) error {
		h := sha256.New()
		if _, err := io.Copy(io.MultiWriter(w, h), src); err != nil {
			return err
		}
		if hex.EncodeToString(h.Sum(nil)) != filepath.Base(dir) {
			return errors.New("it changed while it was read; try again")
		}
		return nil
	})
	if errors.Is(err, fs.ErrExist) {
		return nil // another process was faster
	}
	return err
}
