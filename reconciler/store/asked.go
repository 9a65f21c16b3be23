package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"

	"assay/drivers/durable"
)

// askedLimit is when the older half of what was asked for is dropped, in bytes.
const askedLimit = 1 << 20

func (s *Store) askedPath() string { return filepath.Join(s.dir, "asked.jsonl") }

// Say notes an event of what a person asked for. It needs no lease, and so has a file of its own: on a shared file system two
// hosts that append to one file can overwrite each other's lines, and those of the controller must not be lost.
func (s *Store) Say(e Event) error {
	clean, err := s.hide([]Event{e})
	if err != nil {
		return err
	}
	e = clean.([]Event)[0]
	e.Count = max(e.Count, 1)
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encoding an event: %w", err)
	}
	path := s.askedPath()
	if info, err := durable.Stat(path); err == nil && info.Size() > askedLimit {
		b, err := durable.Read(path, 2*askedLimit)
		if err == nil {
			b = b[len(b)/2:]
			err = s.fs.Replace(path, b[bytes.IndexByte(b, '\n')+1:], nil)
		}
		if err != nil {
			return fmt.Errorf("shortening what was asked for: %w", err)
		}
	}
	if err := s.fs.Append(path, line); err != nil {
		return fmt.Errorf("noting what was asked for: %w", err)
	}
	return nil
}
