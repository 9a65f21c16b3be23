package serving

import (
	"errors"
	"fmt"
	"os"
	"time"
	"unsafe"
)

// spoolPiece is how much of it is written at once, in bytes.
const spoolPiece = 256 << 10

// spool keeps the answers of a run in a file of the run's directory that has no name, so that nothing is left of it after
// any end. As long as they are few it keeps them in memory. It is for one goroutine at a time.
type spool struct {
	dir   string
	file  *os.File
	piece []byte
	at    int64 // where the piece lies
	full  chan []byte
	empty chan []byte
	wrote chan error
	data  []byte // of all, once it has ended
	ended bool
}

// place is where an answer lies in a spool: times of eight bytes each, then the text.
type place struct {
	at     int64
	events int32
	text   int32
}

// add keeps an answer.
func (s *spool) add(events []time.Duration, text []byte) place {
	if len(s.piece) > 0 && len(s.piece)+8*len(events)+len(text) > spoolPiece {
		s.flush()
	}
	if s.piece == nil && s.file != nil {
		s.piece = <-s.empty
	}
	if s.piece == nil {
		s.piece = make([]byte, 0, spoolPiece)
	}
	p := place{s.at + int64(len(s.piece)), int32(len(events)), int32(len(text))}
	if len(events) > 0 {
		s.piece = append(s.piece, unsafe.Slice((*byte)(unsafe.Pointer(&events[0])), 8*len(events))...)
	}
	s.piece = append(s.piece, text...)
	for len(s.piece)%8 != 0 { // the next times must lie where a number can be read
		s.piece = append(s.piece, 0)
	}
	return p
}

// flush hands the piece to the goroutine that writes. When the disk is slower than the load for long, it waits for it.
func (s *spool) flush() {
	if s.file == nil && !s.open() {
		return // it stays in memory, and end tells why
	}
	s.at += int64(len(s.piece))
	s.full <- s.piece
	s.piece = nil
}

// pieces is how many pieces can wait to be written.
const pieces = 64

func (s *spool) open() bool {
	if s.wrote != nil {
		return false
	}
	s.wrote = make(chan error, 1)
	f, err := os.CreateTemp(s.dir, ".answers-*")
	if err == nil {
		err = os.Remove(f.Name())
	}
	if err != nil {
		s.wrote <- err
		return false
	}
	s.file, s.full, s.empty = f, make(chan []byte, pieces), make(chan []byte, pieces+1) // and the one that is being filled
	for range pieces {
		s.empty <- nil
	}
	go func() {
		var failed error
		for piece := range s.full {
			if failed == nil {
				_, failed = f.Write(piece)
			}
			s.empty <- piece[:0]
		}
		s.wrote <- failed
	}()
	return true
}

// end makes everything readable. Nothing can be added any more.
func (s *spool) end() (err error) {
	if s.ended {
		return nil
	}
	s.ended = true
	if s.file != nil {
		s.flush()
		close(s.full)
	}
	if s.wrote != nil {
		err = <-s.wrote
	}
	if err == nil && s.file != nil {
		s.data, err = mapped(s.file, s.at)
		s.piece = nil
	} else {
		s.data = s.piece
	}
	if err != nil {
		return fmt.Errorf("keeping the answers in %s: %w", s.dir, err)
	}
	return nil
}

// answer is what lies at a place.
func (s *spool) answer(p place) (events []time.Duration, text []byte) {
	if p.events > 0 {
		events = unsafe.Slice((*time.Duration)(unsafe.Pointer(&s.data[p.at])), p.events)
	}
	from := p.at + 8*int64(p.events)
	return events, s.data[from : from+int64(p.text) : from+int64(p.text)]
}

// close gives everything back.
func (s *spool) close() {
	if !s.ended && s.file != nil {
		_ = s.end() // what was added is not wanted
	}
	if s.file != nil {
		_ = errors.Join(unmapped(s.data), s.file.Close()) // nobody reads it any more
	}
	s.data, s.file = nil, nil
}
