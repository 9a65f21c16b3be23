package serving

import (
	"math"
	"slices"
	"sort"
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
	ends    endings
	sent    ascent // whether rows are in that order, too
	due     ascent
	counted []int32 // before each piece that is read at once, rows whose tokens the server counted
	told    int32   // such rows
	read    [piecesOfRows]rowsOf
	failure error
}

// piecesOfRows is how many pieces are kept that were read: the rows of several nodes or threads are not quite in the order of time.
const piecesOfRows = 8

// rowsOf are rows that were read, from an index on; none: nothing was read.
type rowsOf struct {
	from int
	rows []row
}

func newTable(dir string) *table {
	return &table{scratch: scratch{dir: dir}, ends: endings{scratch: scratch{dir: dir}}}
}

// ascent is whether times ascend.
type ascent struct {
	last time.Duration
	not  bool
}

func (a *ascent) see(at time.Duration) { a.not, a.last = a.not || at < a.last, at }

func (t *table) len() int { return t.n }

// add appends the row of a record whose sample lies at a place.
func (t *table) add(r *record, at int64) {
	one := row{at, r.due, r.sent, r.ended, r.ttft, r.e2el, r.tpot, int32(r.out), r.failure == nil, r.answer.Usage}
	_, _ = t.Write(unsafe.Slice((*byte)(unsafe.Pointer(&one)), rowSize)) // rowsFrom tells
	t.ends.add(r.sent, r.ended)
	t.sent.see(r.sent)
	t.due.see(r.due)
	if t.n%rowsRead == 0 {
		t.counted = append(t.counted, t.told)
	}
	if one.counted() {
		t.told++
	}
	t.n++
}

// counted reports whether the request succeeded and the server counted its tokens.
func (r *row) counted() bool { return r.ok && r.usage }

// countedAt is the k-th such row.
func (t *table) countedAt(k int) row {
	piece := sort.Search(len(t.counted), func(i int) bool { return int(t.counted[i]) > k }) - 1
	n := k - int(t.counted[piece])
	for _, r := range t.rowsFrom(piece * rowsRead) {
		if !r.counted() {
			continue
		}
		if n == 0 {
			return r
		}
		n--
	}
	return row{} // it cannot be read
}

// close gives everything back.
func (t *table) close() {
	t.scratch.close()
	t.ends.close()
}

// row is the i-th; valid until another one is read. When it cannot be read it is empty, and failure says why.
func (t *table) row(i int) *row { return &t.rowsFrom(i)[0] }

// rowsFrom are rows from the i-th on, at least that one.
func (t *table) rowsFrom(i int) []row {
	p := &t.read[i/rowsRead%piecesOfRows]
	if i < p.from || i >= p.from+len(p.rows) {
		p.from = i - i%rowsRead
		n := min(rowsRead, t.n-p.from)
		p.rows = slices.Grow(p.rows[:0], n)[:n]
		if err := t.readAt(unsafe.Slice((*byte)(unsafe.Pointer(&p.rows[0])), n*rowSize), int64(p.from)*int64(rowSize)); err != nil {
			t.failure = err
			clear(p.rows)
		}
	}
	return p.rows[i-p.from:]
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

// each calls f for every row, in the order of their indexes. It reads no other.
func (s slice) each(f func(r *row)) {
	for i := s.from; i < s.to; {
		rows := s.rowsFrom(i)
		rows = rows[:min(len(rows), s.to-i)]
		for k := range rows {
			f(&rows[k])
		}
		i += len(rows)
	}
}
