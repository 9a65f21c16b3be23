package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/drivers/durable"
)

const (
	eventsLimit = 10 << 20         // bytes; then the file is rotated, and one old file is kept
	foldWithin  = 10 * time.Minute // repeats of one event within this time are one
)

// Event is one thing that happened, with its reason.
type Event struct {
	Time       time.Time `json:"time"`
	Type       string    `json:"type"` // Normal or Warning
	Experiment string    `json:"experiment"`
	Object     string    `json:"object"` // service/NAME, run/ID, experiment/NAME
	Reason     string    `json:"reason"`
	Message    string    `json:"message"`
	Generation int64     `json:"generation,omitempty"`
	JobID      string    `json:"jobID,omitempty"`
	Count      int       `json:"count"`               // how often, when repeats were folded
	Last       time.Time `json:"last,omitzero"`       // of repeats that were folded
	Happening  string    `json:"happening,omitempty"` // NONCE/NUMBER of what an agent reported, of which there is one event
}

func (s *Store) eventsPath() string { return filepath.Join(s.dir, "events.jsonl") }

// Emit appends events, all in one write.
func (l *Lease) Emit(events ...Event) error {
	if len(events) == 0 {
		return nil
	}
	lines := make([][]byte, len(events))
	clean, err := l.s.hide(events)
	if err != nil {
		return err
	}
	for i, e := range clean.([]Event) {
		e.Count = max(e.Count, 1)
		line, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("encoding an event: %w", err)
		}
		lines[i] = line
	}
	path := l.s.eventsPath()
	if info, err := os.Stat(path); err == nil && info.Size() > eventsLimit {
		if err := l.rename(path, path+".1"); err != nil {
			return fmt.Errorf("rotating the events: %w", err)
		}
	}
	if err := l.Check(); err != nil {
		return err
	}
	if err := l.s.fs.Append(path, lines...); err != nil {
		return fmt.Errorf("writing an event: %w", err)
	}
	return nil
}

// Events lists the events of an experiment, or of all when it is empty, oldest first. Lines that a crash cut short are
// left out.
func (s *Store) Events(experiment string) ([]Event, error) {
	asked, err := readEvents(s.askedPath(), experiment)
	if err != nil {
		return nil, err
	}
	var all []Event
	for _, path := range []string{s.eventsPath() + ".1", s.eventsPath()} {
		more, err := readEvents(path, experiment)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	return ordered(asked, all), nil
}

// ordered puts what was asked for among the events of controllers, by its time.
func ordered(asked, all []Event) []Event {
	if len(asked) > 0 {
		all = append(slices.Clone(asked), all...)
		slices.SortStableFunc(all, func(a, b Event) int { return a.Time.Compare(b.Time) })
	}
	return folded(all)
}

// readEvents are the lines of a file of events; none without one.
func readEvents(path, experiment string) (out []Event, err error) {
	b, err := durable.Read(path, 2*eventsLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the events: %w", err)
	}
	return eventsIn(b, experiment), nil
}

// eventsIn are the events of some lines, of one experiment or of all. What is no event is left out.
func eventsIn(lines []byte, experiment string) (out []Event) {
	for line := range bytes.Lines(lines) {
		var e Event
		if json.Unmarshal(line, &e) == nil && (experiment == "" || e.Experiment == experiment) {
			out = append(out, e)
		}
	}
	return out
}

// folded makes one of the repeats of an event that follow each other closely.
func folded(all []Event) (out []Event) {
	type key struct{ experiment, object, reason, message string }
	last := map[key]int{}
	for _, e := range all {
		k := key{e.Experiment, e.Object, e.Reason, e.Message}
		if i, ok := last[k]; ok && e.Time.Sub(out[i].Time) < foldWithin {
			out[i].Count += e.Count
			out[i].Last = e.Time
			continue
		}
		last[k] = len(out)
		out = append(out, e)
	}
	return out
}

// Told is up to which number there are events of what happened inside jobs, by nonce.
func (s *Store) Told() (map[string]uint64, error) {
	told := map[string]uint64{}
	for _, path := range []string{s.eventsPath() + ".1", s.eventsPath()} {
		b, err := durable.Read(path, 2*eventsLimit)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("reading the events: %w", err)
		}
		for line := range bytes.Lines(b) {
			var e Event
			if !bytes.Contains(line, []byte(`"happening":`)) || json.Unmarshal(line, &e) != nil {
				continue // decoding is for those that count
			}
			nonce, number, _ := strings.Cut(e.Happening, "/")
			if n, err := strconv.ParseUint(number, 10, 64); err == nil {
				told[nonce] = max(told[nonce], n)
			}
		}
	}
	return told, nil
}
