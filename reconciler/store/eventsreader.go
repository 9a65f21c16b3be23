package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
)

// EventsReader reads the events again and again, at the cost of what has been added.
type EventsReader struct {
	Store *Store

	mu     sync.Mutex
	parts  [3]eventsPart // asked for on pages; rotated; the newest
	folded []Event       // of all; nil: not made yet
}

// eventsPart is what was read of a file.
type eventsPart struct {
	info os.FileInfo
	read int64 // bytes, up to the end of a line
	all  []Event
}

// Events are those that Store.Events gives. Do not change them.
func (r *EventsReader) Events(experiment string) ([]Event, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, path := range []string{r.Store.askedPath(), r.Store.eventsPath() + ".1", r.Store.eventsPath()} {
		changed, err := r.parts[i].more(path)
		if err != nil {
			return nil, fmt.Errorf("reading the events: %w", err)
		}
		if changed {
			r.folded = nil
		}
	}
	if r.folded == nil {
		r.folded = ordered(r.parts[0].all, slices.Concat(r.parts[1].all, r.parts[2].all))
	}
	if experiment == "" {
		return r.folded, nil
	}
	var out []Event
	for _, e := range r.folded {
		if e.Experiment == experiment {
			out = append(out, e)
		}
	}
	return out, nil
}

// more reads what a file has gained, or all of another file in its place, and reports whether that is anything.
func (p *eventsPart) more(path string) (bool, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		had := p.info != nil
		*p = eventsPart{}
		return had, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	anew := p.info == nil || !os.SameFile(p.info, info) || info.Size() < p.read
	if anew {
		*p = eventsPart{}
	}
	p.info = info
	b, err := io.ReadAll(io.NewSectionReader(f, p.read, min(info.Size()-p.read, 2*eventsLimit)))
	if err != nil {
		return false, err
	}
	b = b[:bytes.LastIndexByte(b, '\n')+1] // a line that is being written is read the next time
	p.read += int64(len(b))
	p.all = append(p.all, eventsIn(b, "")...)
	return anew || len(b) > 0, nil
}
