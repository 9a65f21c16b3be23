package serving

import (
	"math"
	"time"
	"unsafe"
)

// row is what the statistics of a whole run need of a request.
type row struct {
	at               int64 // where its sample lies in the book
	due, sent, ended time.Duration
	ttft, e2el, tpot float64 // ms, as a record has them
	out              int32   // tokens
	ok, usage        bool    // it succeeded; the server counted its tokens
}

const (
	rowSize  = int(unsafe.Sizeof(row{}))
	rowsRead = filePiece / rowSize
)

// table is the rows of all requests in the order of their indexes. They lie on disk, but for the last ones. It is for one goroutine
// at a time.
type table struct {
	scratch
	n       int
	read    []row
	from    int // index of the first that was read
	failure error
}

func (t *table) len() int { return t.n }

// add appends the row of a record whose sample lies at a place.
func (t *table) add(r *record, at int64) {
	one := row{at, r.due, r.sent, r.ended, r.ttft, r.e2el, r.tpot, int32(r.out), r.failure == nil, r.answer.Usage}
	_, _ = t.Write(unsafe.Slice((*byte)(unsafe.Pointer(&one)), rowSize)) // readAt tells
	t.n++
}

// row is the i-th; valid until another one is read. When it cannot be read it is empty, and failure says why.
func (t *table) row(i int) *row {
	if i < t.from || i >= t.from+len(t.read) {
		t.from = i - i%rowsRead
		n := min(rowsRead, t.n-t.from)
		if cap(t.read) < n {
			t.read = make([]row, n)
		}
		t.read = t.read[:n]
		if err := t.readAt(unsafe.Slice((*byte)(unsafe.Pointer(&t.read[0])), n*rowSize), int64(t.from)*int64(rowSize)); err != nil {
			t.failure = err
			clear(t.read)
		}
	}
	return &t.read[i-t.from]
}

// first and last are the times of the first event of a request that succeeded, and of the last one.
func (r *row) first() time.Duration { return r.sent + nanos(r.ttft) }
func (r *row) last() time.Duration  { return r.sent + nanos(r.e2el) }

func nanos(ms float64) time.Duration {
	return time.Duration(math.Round(ms * float64(time.Millisecond)))
}

// slice are the rows from one index up to another.
type slice struct {
	*table
	from, to int
}

func (t *table) all() slice { return slice{t, 0, t.n} }

func (s slice) len() int { return s.to - s.from }

// each calls f for every row, in the order of their indexes.
func (s slice) each(f func(r *row)) {
	for i := s.from; i < s.to; i++ {
		f(s.row(i))
	}
}
