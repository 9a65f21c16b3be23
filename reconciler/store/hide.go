package store

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"assay/drivers/durable"
	"assay/reconciler/redact"
)

// hider keeps secrets, and what could deceive a reader, out of messages that are stored: what servers and programs said goes
// through it before it is written. It knows every secret of the state directory.
type hider struct {
	cache redact.Cache
	seen  map[string]bool // names of files
	mtime time.Time       // of the folder
}

// hide is a record as it is written. A folder of secrets that cannot be read is an error: what may hold one is not written.
func (s *Store) hide(v any) (any, error) {
	if err := s.learn(); err != nil {
		return nil, fmt.Errorf("reading the stored secrets, which have to be kept out of what is written: %w", err)
	}
	return redact.Messages(v, s.hider.cache.Message), nil
}

// learn reads the secrets that were stored since it last did. A secret is never rewritten, and its folder changes with each. What
// was removed stays known: logs can hold it.
func (s *Store) learn() error {
	info, err := os.Stat(s.SecretDir())
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if info.ModTime().Equal(s.hider.mtime) && time.Since(info.ModTime()) > 5*time.Second { // a coarse clock can show two changes as one
		return nil
	}
	names, err := durable.Names(s.SecretDir())
	if err != nil {
		return err
	}
	maps.DeleteFunc(s.hider.seen, func(name string, _ bool) bool { // it can be made anew, with another value
		_, there := slices.BinarySearch(names, name)
		return !there
	})
	for _, name := range names {
		if s.hider.seen[name] || name == secretKeyFile {
			continue
		}
		b, err := durable.Read(filepath.Join(s.SecretDir(), name), maxSecret)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return err
		}
		if s.hider.seen == nil {
			s.hider.seen = map[string]bool{}
		}
		s.hider.seen[name] = true
		s.hider.cache.Learn(strings.TrimSpace(string(b)))
	}
	s.hider.mtime = info.ModTime()
	return nil
}

// SecretValues are all stored values, for those who print what others said.
func (s *Store) SecretValues() (*redact.Values, error) {
	if err := s.learn(); err != nil {
		return nil, fmt.Errorf("reading the stored secrets, which have to be left out: %w", err)
	}
	return s.hider.cache.Values(), nil
}
