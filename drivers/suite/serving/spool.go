package serving

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
)

// spoolPiece is how much of it is written at once, in bytes.
const spoolPiece = 256 << 10

// pieces is how many pieces can wait to be written, and how many are kept that were read.
const (
	pieces     = 64
	piecesRead = 16
)

// answersFile holds them while the run goes on. What is left of it when the client was killed, Salvage reads.
const answersFile = ".answers"

// spool keeps what became of the requests in a file of the run's directory. As long as that is little it keeps it in memory. It is for
// one goroutine at a time that adds and, once it has ended or beside that as far as it is readable, for one that reads.
type spool struct {
	dir    string
	name   string // of the file; empty: it has none
	file   *os.File
	piece  []byte
	begins []int64 // where each piece begins, the one that is being filled included
	full   chan []byte
	empty  chan []byte
	made   int // pieces
	wrote  chan error
	onDisk atomic.Int64 // pieces that can be read
	ended  bool
	cache  [piecesRead]pieceRead
	used   int64
}

// pieceRead is a piece that was read; 0: none was.
type pieceRead struct {
	number int // from 1
	used   int64
	data   []byte
}

// room is where an entry of so many bytes, a multiple of eight, is to be appended, and where it lies then. It stays in one piece.
func (s *spool) room(n int) (piece *[]byte, at int64) {
	if len(s.piece) > 0 && len(s.piece)+n > spoolPiece {
		s.flush()
	}
	if s.piece == nil {
		s.piece = s.another()
	}
	if len(s.begins) == 0 {
		s.begins = append(s.begins, 0)
	}
	return &s.piece, s.begins[len(s.begins)-1] + int64(len(s.piece))
}

// another is an empty piece: a new one only while there are few and none is free.
func (s *spool) another() []byte {
	if s.made >= pieces {
		return <-s.empty
	}
	select {
	case piece := <-s.empty:
		return piece
	default:
	}
	s.made++
	return make([]byte, 0, spoolPiece)
}

// flush hands the piece to the goroutine that writes. When the disk is slower than the load for long, it waits for it.
func (s *spool) flush() {
	if s.file == nil && !s.open() {
		return // it stays in memory, and end tells why
	}
	s.begins = append(s.begins, s.begins[len(s.begins)-1]+int64(len(s.piece)))
	s.full <- s.piece
	s.piece = nil
}

func (s *spool) open() bool {
	if s.wrote != nil {
		return false
	}
	s.wrote = make(chan error, 1)
	f, err := s.create()
	if err != nil {
		s.wrote <- err
		return false
	}
	s.file, s.full, s.empty = f, make(chan []byte, pieces), make(chan []byte, pieces+1) // and the one that is being filled
	go func() {
		var failed error
		for piece := range s.full {
			if failed == nil {
				_, failed = f.Write(piece)
			}
			if failed == nil {
				s.onDisk.Add(1)
			}
			s.empty <- piece[:0]
		}
		s.wrote <- failed
	}()
	return true
}

func (s *spool) create() (*os.File, error) {
	if s.name == "" {
		return nameless(s.dir, ".answers-*")
	}
	return os.OpenFile(filepath.Join(s.dir, s.name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
}

// save hands on what there is, so that it outlives this process.
func (s *spool) save() {
	if !s.ended && len(s.piece) > 0 {
		s.flush()
	}
}

// end makes everything readable. Nothing can be added any more.
func (s *spool) end() (err error) {
	if s.ended {
		return nil
	}
	s.ended = true
	if s.file != nil && len(s.piece) > 0 {
		s.flush()
	}
	if s.file != nil {
		close(s.full)
		s.piece = nil
	}
	if s.wrote != nil {
		err = <-s.wrote
	}
	for len(s.empty) > 0 {
		<-s.empty // what waited to be filled is given back
	}
	if err != nil {
		return fmt.Errorf("keeping the answers in %s: %w", s.dir, err)
	}
	return nil
}

// pieceOf is the number of the piece, from 1, in which a place lies. begins are those of the spool at a time when the place was there.
func pieceOf(begins []int64, at int64) int {
	i, found := slices.BinarySearch(begins, at)
	if found {
		i++
	}
	return i
}

// at is what lies from a place on, to the end of its piece; valid until the next call.
func (s *spool) at(begins []int64, at int64) ([]byte, error) {
	number := pieceOf(begins, at)
	begin := begins[number-1]
	if s.file == nil {
		return s.piece[at-begin:], nil
	}
	s.used++
	oldest := &s.cache[0]
	for i := range s.cache {
		c := &s.cache[i]
		if c.number == number {
			c.used = s.used
			return c.data[at-begin:], nil
		}
		if c.used < oldest.used {
			oldest = c
		}
	}
	size := spoolPiece
	if number < len(begins) {
		size = int(begins[number] - begin)
	}
	oldest.number, oldest.used, oldest.data = number, s.used, slices.Grow(oldest.data[:0], size)[:size]
	if _, err := s.file.ReadAt(oldest.data, begin); err != nil {
		oldest.number = 0
		return nil, fmt.Errorf("reading the answers kept in %s: %w", s.dir, err)
	}
	return oldest.data[at-begin:], nil
}

// close gives everything back.
func (s *spool) close() {
	if !s.ended && s.file != nil {
		_ = s.end() // what was added is not wanted
	}
	if s.file != nil {
		_ = s.file.Close() // nobody reads it any more
		if s.name != "" {
			_ = os.Remove(filepath.Join(s.dir, s.name)) // what it holds is in the run's files
		}
	}
	s.file, s.piece, s.cache = nil, nil, [piecesRead]pieceRead{}
}
