package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"assay/drivers"
	"assay/reconciler/redact"
	"assay/reconciler/store"
)

// saver decides what goes into an archive.
type saver struct {
	a          *app
	st         *store.Store
	dir        string
	experiment string // empty: all

	files   []string          // relative to dir
	content map[string][]byte // what is archived instead of a file's own content
	secrets []string
	short   []string // where values are that are too short to be looked for
}

// collect lists the files, and learns what must not be in them, before anything is written.
func (s *saver) collect() error {
	if err := s.known(); err != nil {
		return err
	}
	s.content = map[string][]byte{}
	part := url.PathEscape(s.experiment) // the folder's name; DNS labels stay as they are
	for _, sub := range []string{"jobs", "runs", "revisions"} {
		if err := s.folder(filepath.Join(sub, part)); err != nil {
			return err
		}
	}
	for _, sub := range []string{"status", "intents", "archive"} {
		if err := s.folder(sub); err != nil {
			return err
		}
	}
	s.files = append(s.files, "events.jsonl.1", "events.jsonl")
	if err := s.filter(); err != nil {
		return err
	}
	if err := s.storedSecrets(); err != nil {
		return err
	}
	return s.scrubAll()
}

func (s *saver) known() error {
	if s.experiment == "" {
		return nil
	}
	history, err := s.st.History(s.experiment)
	if err == nil && len(history) == 0 {
		err = fmt.Errorf("no experiment %q; what there is: assay get experiments", s.experiment)
	}
	return err
}

// folder adds every plain file below a folder. Links are not followed, and temporary files are nobody's.
func (s *saver) folder(sub string) error {
	err := filepath.WalkDir(filepath.Join(s.dir, sub), func(path string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // removed meanwhile
		case err != nil:
			return err
		case !e.Type().IsRegular() || strings.HasPrefix(e.Name(), "."):
			return nil
		}
		rel, err := filepath.Rel(s.dir, path)
		s.files = append(s.files, rel)
		return err
	})
	if err != nil {
		return fmt.Errorf("listing what to archive: %w", err)
	}
	return nil
}

// filter leaves records of other experiments out, where one file name or file does not tell.
func (s *saver) filter() error {
	if s.experiment == "" {
		return nil
	}
	var bad error
	s.files = slices.DeleteFunc(s.files, func(name string) bool {
		folder, base := filepath.Split(name)
		switch {
		case folder == "status/":
			return base != url.PathEscape(s.experiment)+".json"
		case folder == "archive/" && strings.HasSuffix(base, ".status.json"):
			generation := len("-000000.status.json")
			return base[:max(0, len(base)-generation)] != url.PathEscape(s.experiment)
		case folder == "intents/" || folder == "archive/":
			var at struct{ Experiment string }
			err := readJSON(s.dir, name, &at)
			return errors.Is(err, fs.ErrNotExist) || err == nil && at.Experiment != s.experiment
		case strings.HasPrefix(base, "events.jsonl"):
			lines, err := s.events(name)
			bad = errors.Join(bad, err)
			s.content[name] = lines
		}
		return false
	})
	return bad
}

// events are the lines of an event file that concern the experiment.
func (s *saver) events(name string) ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(s.dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	out := []byte{}
	for line := range bytes.Lines(b) {
		var e store.Event
		if json.Unmarshal(line, &e) == nil && e.Experiment == s.experiment {
			out = append(out, line...)
		}
	}
	return out, err
}

// secretLimit is more than any token or key has.
const secretLimit = 1 << 20

// storedSecrets reads the values that must not appear: those that were stored, and those that agents made up.
func (s *saver) storedSecrets() error {
	err := filepath.WalkDir(filepath.Join(s.dir, "secrets"), func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && !e.Type().IsRegular() {
			return nil
		}
		if err != nil {
			return err
		}
		return s.secretFile(path)
	})
	if err != nil {
		return fmt.Errorf("reading the stored secrets, which have to be left out: %w", err)
	}
	for _, name := range s.files {
		if filepath.Base(name) != drivers.DesiredFile {
			continue
		}
		var told drivers.AgentDesired
		if err := readJSON(s.dir, name, &told); err != nil {
			continue // scrubbed or left out below
		}
		for _, p := range told.Processes {
			for _, g := range p.Generate {
				if err := s.secretFile(filepath.Join(p.Data, g)); err != nil && !errors.Is(err, fs.ErrNotExist) {
					return fmt.Errorf("reading the password of %s, which has to be left out: %w", p.Name, err)
				}
			}
			for _, f := range p.Secrets {
				if err := s.secretFile(f); err != nil && !errors.Is(err, fs.ErrNotExist) {
					return fmt.Errorf("reading a secret of %s, which has to be left out: %w", p.Name, err)
				}
			}
		}
	}
	return nil
}

func (s *saver) secretFile(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Size() > secretLimit {
		return fmt.Errorf("%s is too large for a secret: %s", path, bytesWord(info.Size()))
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	s.hide(string(b), path)
	return nil
}

// hide takes a value without the line end that files have. One that is too short to be found is named.
func (s *saver) hide(value, where string) {
	trimmed := strings.TrimSpace(value)
	if trimmed == "" {
		return
	}
	if len(trimmed) < redact.Shortest {
		if !slices.Contains(s.short, where) {
			s.short = append(s.short, where)
			s.a.say("The secret in %s has fewer than %d bytes: it is not looked for in logs.", where, redact.Shortest)
		}
		return
	}
	if !slices.Contains(s.secrets, trimmed) {
		s.secrets = append(s.secrets, trimmed)
	}
}
