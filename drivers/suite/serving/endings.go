package serving

import (
	"math"
	"slices"
	"time"
	"unsafe"
)

// endings are when requests ended, in ascending order, of requests that are added nearly in the order of time. In memory are those that
// are in flight then, and those that came out of order: the others lie on disk. What fails is told by failure.
type endings struct {
	scratch
	last    time.Duration   // on disk
	open    []time.Duration // later ones, as a heap
	strays  []time.Duration // earlier ones, that came too late
	failure error
}

const endingSize = int(unsafe.Sizeof(time.Duration(0)))

// add adds a request. Those that ended before it began are not preceded any more, unless by a stray.
func (e *endings) add(began, ended time.Duration) {
	for len(e.open) > 0 && e.open[0] <= began {
		e.settle()
	}
	if ended < e.last {
		e.strays = append(e.strays, ended)
		return
	}
	e.open = append(e.open, ended)
	for k := len(e.open) - 1; k > 0 && e.open[k] < e.open[(k-1)/2]; k = (k - 1) / 2 {
		e.open[k], e.open[(k-1)/2] = e.open[(k-1)/2], e.open[k]
	}
}

// settle puts the earliest of the heap to the others.
func (e *endings) settle() {
	h := e.open
	e.last = h[0]
	_, _ = e.Write(unsafe.Slice((*byte)(unsafe.Pointer(&e.last)), endingSize)) // reading tells
	n := len(h) - 1
	last := h[n]
	h = h[:n]
	k := 0
	for 2*k+1 < n {
		child := 2*k + 1
		if child+1 < n && h[child+1] < h[child] {
			child++
		}
		if h[child] >= last {
			break
		}
		h[k], k = h[child], child
	}
	if n > 0 {
		h[k] = last
	}
	e.open = h
}

// walk reads them from the beginning. No more can be added.
func (e *endings) walk() *walk {
	for len(e.open) > 0 {
		e.settle()
	}
	slices.Sort(e.strays)
	w := &walk{of: e, left: (int(e.size) + len(e.buf)) / endingSize, strays: e.strays}
	w.next()
	return w
}

// walk reads endings.
type walk struct {
	at     time.Duration // when the next request ended; never, when all have
	of     *endings
	read   []time.Duration // settled ones
	k      int             // the next of them
	from   int64           // where the others begin
	left   int             // how many these are
	strays []time.Duration
}

const never = time.Duration(math.MaxInt64)

// next goes on.
func (w *walk) next() {
	if len(w.strays) > 0 || w.k == len(w.read) {
		w.merge()
		return
	}
	w.at = w.read[w.k]
	w.k++
}

// merge goes on with the next stray, or with the next settled one.
func (w *walk) merge() {
	if w.k == len(w.read) {
		w.fill()
	}
	settled := w.k < len(w.read)
	switch {
	case len(w.strays) > 0 && (!settled || w.strays[0] < w.read[w.k]):
		w.at, w.strays = w.strays[0], w.strays[1:]
	case settled:
		w.at = w.read[w.k]
		w.k++
	default:
		w.at = never
	}
}

// fill reads the next settled ones.
func (w *walk) fill() {
	n := min(w.left, filePiece/endingSize)
	w.read, w.k = slices.Grow(w.read[:0], n)[:n], 0
	if n == 0 {
		return
	}
	if err := w.of.readAt(unsafe.Slice((*byte)(unsafe.Pointer(&w.read[0])), n*endingSize), w.from); err != nil {
		w.of.failure = err
		clear(w.read)
	}
	w.from, w.left = w.from+int64(n*endingSize), w.left-n
}
