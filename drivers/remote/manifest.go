package remote

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/durable"
)

// remember takes what the laptop sent. A later manifest replaces the earlier one, with its secrets.
func (s *Session) remember(m *Manifest, attached []File) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range attached {
		s.attached[f.Path] = f
	}
	if m != nil {
		s.manifest = m
		for _, f := range m.Attached {
			s.attached[f.Path] = f
		}
		clear(s.secrets)
		for _, x := range m.Secrets {
			s.secrets[Secret{Env: x.Env, File: x.File}] = x
		}
		if s.edits != nil {
			s.edits(*m)
		}
	}
}

// Manifest is the newest one; false when the verb was given none.
func (s *Session) Manifest() (Manifest, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.manifest == nil {
		return Manifest{}, false
	}
	return *s.manifest, true
}

// Edits hands the newest manifest to take, and every later one. Take does not wait, and does not ask the session.
func (s *Session) Edits(take func(Manifest)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.edits = take
	if s.manifest != nil {
		take(*s.manifest)
	}
}

// Secret is a value that the laptop read there.
func (s *Session) Secret(ref v1alpha1.Secret) (string, error) {
	s.mu.Lock()
	x, ok := s.secrets[Secret{Env: ref.Env, File: ref.File}]
	s.mu.Unlock()
	switch {
	case !ok:
		return "", errors.New("it was not sent from the machine on which the command was typed")
	case x.Problem != "":
		return "", errors.New(x.Problem)
	}
	return x.Value, nil
}

// Place is where a file of the laptop is to be below a folder of the site, by its content; false when path is none that the
// laptop offers.
func (s *Session) Place(path, folder string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.attached[path]
	if !ok {
		return "", false
	}
	return filepath.Join(folder, f.Sum, base(path)), true
}

// transfer is a file that is asked for.
type transfer struct {
	file File
	to   string
	done chan error
}

// Fetch puts a file of the laptop in its place, unless it is there.
func (s *Session) Fetch(path, folder string) error {
	place, ok := s.Place(path, folder)
	if !ok {
		return fmt.Errorf("%s was not offered by the laptop", path)
	}
	s.mu.Lock()
	f := s.attached[path]
	s.mu.Unlock()
	if info, err := os.Lstat(place); err == nil && info.Mode().IsRegular() && info.Size() == f.Size {
		now := time.Now() // what is young is not cleaned before a revision names it
		return os.Chtimes(filepath.Dir(place), now, now)
	}
	if err := (durable.Writer{}).MkdirAll(filepath.Dir(place)); err != nil {
		return err
	}
	t := &transfer{f, place, make(chan error, 1)}
	s.mu.Lock()
	s.waiting[f.Sum] = t
	s.mu.Unlock()
	defer func() { s.mu.Lock(); delete(s.waiting, f.Sum); s.mu.Unlock() }()
	if err := s.w.sendJSON(kindNeed, need{f.Sum}); err != nil {
		return err
	}
	select {
	case err := <-t.done:
		if err != nil {
			return fmt.Errorf("fetching %s from the laptop: %w", path, err)
		}
		return nil
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}

// receiveFile answers POST /file/SUM. What differs from what was offered is not kept.
func (s *Session) receiveFile(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	t := s.waiting[r.PathValue("sum")]
	delete(s.waiting, r.PathValue("sum"))
	s.mu.Unlock()
	if t == nil {
		http.Error(w, "nobody asked for it", http.StatusNotFound)
		return
	}
	err := durable.Writer{}.Stream(t.to, 0o600, func(to io.Writer) error {
		h := sha256.New()
		n, err := io.Copy(io.MultiWriter(to, h), io.LimitReader(r.Body, t.file.Size+1))
		if err == nil && (n != t.file.Size || hex.EncodeToString(h.Sum(nil)) != t.file.Sum) {
			err = errors.New("it changed while it was sent; type the command again")
		}
		return err
	})
	t.done <- err
	if err != nil {
		http.Error(w, "not kept", http.StatusBadRequest)
	}
}
