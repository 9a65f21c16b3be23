package bundle

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"assay/reconciler/redact"
)

// passFile takes a file as long as it was when it was opened: logs grow. The middle of a large one is left out.
func (ar *archive) passFile(f *os.File, size int64, name string) error {
	if size <= ar.limit {
		return ar.pass(io.LimitReader(f, size))
	}
	ar.cut = append(ar.cut, name)
	half := ar.limit / 2
	w := ar.hiding(ar.scratch)
	if _, err := io.CopyN(w, f, half); err != nil {
		return err
	}
	// No Flush: what is held back may begin a secret that the cut would break, and the last line is not whole.
	fmt.Fprintf(ar.scratch, "\n[... assay left about %d bytes out here ...]\n", size-2*half)
	return ar.passTail(f, size-half, size)
}

// passTail takes the bytes from..to, without the line that the cut goes through. It begins reading earlier: a secret that the
// cut goes through has to be seen whole.
func (ar *archive) passTail(f *os.File, from, to int64) error {
	out := &valve{w: io.Discard}
	w := &hiding{redact.New(out, ar.secrets...), redact.NewLines(ar.scratch)}
	start := max(from-2*int64(w.Longest()), 0) // once for one that ends at the cut, once for what is held back there
	if _, err := f.Seek(start, io.SeekStart); err != nil {
		return err
	}
	if _, err := io.CopyN(w, f, from-start); err != nil {
		return err
	}
	// What may begin a secret is still held back, and comes out below: hidden, if it was one.
	out.w = &fromLine{w: w.lines}
	if _, err := io.CopyN(w, f, to-from); err != nil {
		return err
	}
	return w.Flush()
}

// broken bounds the line that a cut goes through, in bytes: no secret that shows what it is, is longer.
const broken = 4 << 10

// fromLine passes on what follows the first line end, or so many bytes.
type fromLine struct {
	w    io.Writer
	left int // out so far; negative: everything passes
}

func (f *fromLine) Write(p []byte) (int, error) {
	n := len(p)
	if f.left >= 0 {
		out := min(len(p), broken-f.left)
		if i := bytes.IndexByte(p[:out], '\n'); i >= 0 {
			out, f.left = i+1, -1
		} else if f.left += out; f.left >= broken {
			f.left = -1
		}
		p = p[out:]
	}
	_, err := f.w.Write(p)
	return n, err
}

// valve is a writer whose target changes.
type valve struct{ w io.Writer }

func (v *valve) Write(p []byte) (int, error) { return v.w.Write(p) }
