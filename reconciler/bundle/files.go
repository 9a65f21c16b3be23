package bundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"assay/drivers/durable"
	"assay/reconciler/store"
)

// list takes the folders of the experiment, and those that hold records of all.
func (b *Bundle) list() error {
	part := url.PathEscape(b.experiment) // the folder's name; DNS labels stay as they are
	for _, sub := range []string{"jobs", "runs", "revisions"} {
		if err := b.folder(filepath.Join(sub, part)); err != nil {
			return err
		}
	}
	for _, sub := range []string{"status", "intents", "archive"} {
		if err := b.folder(sub); err != nil {
			return err
		}
	}
	b.files = append(b.files, "events.jsonl.1", "events.jsonl")
	return nil
}

// folder adds every regular file below a folder, without temporary files. Links are not followed.
func (b *Bundle) folder(sub string) error {
	err := filepath.WalkDir(filepath.Join(b.dir, sub), func(path string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // removed meanwhile
		case err != nil:
			return err
		case !e.Type().IsRegular() || strings.HasPrefix(e.Name(), "."):
			return nil
		}
		rel, err := filepath.Rel(b.dir, path)
		b.files = append(b.files, rel)
		return err
	})
	if err != nil {
		return fmt.Errorf("listing what to archive: %w", err)
	}
	return nil
}

// filter leaves out records of other experiments, in folders that hold those of all.
func (b *Bundle) filter() error {
	if b.experiment == "" {
		return nil
	}
	var bad error
	b.files = slices.DeleteFunc(b.files, func(name string) bool {
		folder, base := filepath.Split(name)
		switch {
		case folder == "status/":
			return base != url.PathEscape(b.experiment)+".json"
		case folder == "archive/" && strings.HasSuffix(base, ".status.json"):
			generation := len("-000000.status.json")
			return base[:max(0, len(base)-generation)] != url.PathEscape(b.experiment)
		case folder == "intents/" || folder == "archive/":
			var at struct{ Experiment string }
			err := b.read(name, &at)
			return errors.Is(err, fs.ErrNotExist) || err == nil && at.Experiment != b.experiment
		case strings.HasPrefix(base, "events.jsonl"):
			lines, err := b.events(name)
			bad = errors.Join(bad, err)
			b.content[name] = lines
		}
		return false
	})
	return bad
}

// events are the lines of an event file that concern the experiment.
func (b *Bundle) events(name string) ([]byte, error) {
	data, err := durable.Read(b.inState(name), durable.MaxRecord)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	out := []byte{}
	for line := range bytes.Lines(data) {
		var e store.Event
		if json.Unmarshal(line, &e) == nil && e.Experiment == b.experiment {
			out = append(out, line...)
		}
	}
	return out, err
}

// read decodes a record of the state directory, whatever its version: one of a newer assay holds secrets too.
func (b *Bundle) read(name string, into any) error {
	_, err := durable.ReadVersion(b.inState(name), into, math.MaxInt)
	return err
}
