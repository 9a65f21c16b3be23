package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"assay/drivers/durable"
)

// A command that waits must not believe what was observed before it began, and cannot compare clocks with a controller on
// another host. So it takes a number, and believes a status that carries that number or a higher one: the pass that wrote
// it had seen the request before it observed anything.

func (s *Store) requestPath(n int64) string {
	return filepath.Join(s.dir, "requests", fmt.Sprintf("%012d.json", n))
}

// requests are the numbers on record, in no order, and the highest of them; 0 when there is none.
func (s *Store) requests() (all []int64, last int64, err error) {
	files, err := durable.Names(filepath.Join(s.dir, "requests"))
	if err != nil {
		return nil, 0, err
	}
	for _, f := range files {
		base, ok := strings.CutSuffix(f, ".json")
		if n, err := strconv.ParseInt(base, 10, 64); ok && err == nil {
			all, last = append(all, n), max(last, n)
		}
	}
	return all, last, nil
}

// RequestPass asks the holder of the lease, or the next one, to observe everything afresh and to publish what it finds. The
// answer is every status whose Answered is at least the number that is returned. It needs no lease.
func (s *Store) RequestPass() (int64, error) {
	for {
		_, last, err := s.requests()
		if err == nil {
			err = s.fs.CreateRecord(s.requestPath(last+1), struct{}{}, nil)
		}
		switch {
		case errors.Is(err, fs.ErrExist):
			continue // another command was faster: take the next number
		case err != nil:
			return 0, fmt.Errorf("asking for a fresh observation: %w", err)
		}
		return last + 1, nil
	}
}

// LastRequest is the number of the newest request; 0 when there was none.
func (s *Store) LastRequest() (int64, error) {
	_, last, err := s.requests()
	if err != nil {
		return 0, fmt.Errorf("reading the requests for an observation: %w", err)
	}
	return last, nil
}

// DropRequests removes the requests below n, which are answered. The newest one has to stay: numbers go on from it.
func (l *Lease) DropRequests(n int64) error {
	all, _, err := l.s.requests()
	for _, old := range all {
		if err != nil {
			break
		}
		if old >= n {
			continue
		}
		if err = l.Check(); err == nil {
			err = l.s.fs.Remove(l.s.requestPath(old))
		}
	}
	if err != nil {
		return fmt.Errorf("removing answered requests: %w", err)
	}
	return nil
}
