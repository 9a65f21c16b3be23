package store

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"assay/drivers"
	"assay/drivers/durable"
)

// secretKeyFile holds the key of the digests.
const secretKeyFile = "key"

// maxSecret bounds a secret, in bytes.
const maxSecret = 1 << 20

// SecretDir is the folder of secrets: one file for each value, 0600, named after its digest.
func (s *Store) SecretDir() string { return filepath.Join(s.dir, "secrets") }

// Digest is a keyed hash of a secret: it shows whether the value changed, and nothing else. The key never leaves the
// state directory.
func (s *Store) Digest(value string) (string, error) {
	key, err := s.secretKey()
	if err != nil {
		return "", err
	}
	h := hmac.New(sha256.New, key)
	h.Write([]byte(value))
	return hex.EncodeToString(h.Sum(nil))[:32], nil
}

// PutSecret stores a value where agents find it and returns its digest.
func (s *Store) PutSecret(value string) (string, error) {
	digest, err := s.Digest(value)
	if err != nil {
		return "", err
	}
	path := filepath.Join(s.SecretDir(), digest)
	if _, err := os.Stat(path); err == nil {
		return digest, nil // a value is never rewritten: its name is its hash
	}
	if err := s.fs.Replace(path, []byte(value), nil); err != nil {
		return "", fmt.Errorf("storing a secret: %w", err)
	}
	return digest, nil
}

// makeKeys makes the keys that processes are about to be told of and that are not there yet: 32 random bytes in hex. Of two
// controllers that make one at the same time, one wins. A key is never replaced.
func (l *Lease) makeKeys(of []drivers.Process) error {
	for _, p := range of {
		for name, file := range p.Secrets {
			if !drivers.IsKeyFile(file) || filepath.Dir(file) != l.s.SecretDir() {
				continue
			}
			if _, err := os.Lstat(file); err == nil {
				continue
			}
			err := l.s.fs.MkdirAll(filepath.Dir(file))
			if err == nil {
				err = l.s.fs.Create(file, []byte(random(32)), l.Check)
			}
			if err != nil && !errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("making the key %s of %s: %w", name, p.Name, err)
			}
		}
	}
	return nil
}

// dropKeys removes what assay made for the services of an experiment that is gone. It opens nothing any more, and whoever uses the
// name again gets other keys. Values that the user gave are kept: the history that can be applied again needs them, and what they
// open is not assay's.
func (l *Lease) dropKeys(experiment string) error {
	names, err := durable.Names(l.s.SecretDir())
	if err != nil {
		return err
	}
	for _, name := range names {
		if !drivers.MadeFor(name, experiment) {
			continue
		}
		if err := l.Check(); err != nil {
			return err
		}
		if err := l.s.fs.Remove(filepath.Join(l.s.SecretDir(), name)); err != nil {
			return err
		}
	}
	return nil
}

// secretKey reads the key, and makes it the first time. Of two processes that make it at the same time, one wins.
func (s *Store) secretKey() ([]byte, error) {
	path := filepath.Join(s.SecretDir(), secretKeyFile)
	key, err := durable.Read(path, maxSecret)
	if errors.Is(err, fs.ErrNotExist) {
		fresh := make([]byte, 32)
		if _, err := rand.Read(fresh); err != nil {
			return nil, fmt.Errorf("making the key of the secrets: %w", err)
		}
		if err := s.fs.MkdirAll(s.SecretDir()); err != nil {
			return nil, fmt.Errorf("making the folder of the secrets: %w", err)
		}
		if err := s.fs.Create(path, fresh, nil); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("making the key of the secrets: %w", err)
		}
		key, err = durable.Read(path, maxSecret)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the key of the secrets: %w", err)
	}
	return key, nil
}

// Token is the file of a token that a listener of assay asks for, made the first time: 26 letters and digits, 130 bits.
func (s *Store) Token(name string) (file string, err error) {
	file = drivers.SecretFile(s.dir, name)
	if err = s.fs.MkdirAll(s.SecretDir()); err == nil {
		err = s.fs.Create(file, []byte(rand.Text()), nil)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("making %s: %w", file, err)
	}
	return file, nil
}
