package plain

import (
	"io"
	"unicode/utf8"
)

// Writer passes text on, cleaned. A character that is cut between two writes is whole again, so that a few bytes can be held
// back until more comes, or Flush.
type Writer struct {
	w    io.Writer
	held []byte
	last rune
	out  []byte
}

// NewWriter returns a Writer to w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Write takes all of p, unless writing fails.
func (t *Writer) Write(p []byte) (int, error) {
	t.held = append(t.held, p...)
	if err := t.pass(false); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush passes on what is held back.
func (t *Writer) Flush() error { return t.pass(true) }

func (t *Writer) pass(end bool) error {
	out, done := clean(t.out[:0], t.held, end, t.last)
	if len(out) > 0 {
		t.last, _ = utf8.DecodeLastRune(out)
	}
	t.held, t.out = append(t.held[:0], t.held[done:]...), out
	if len(out) == 0 {
		return nil
	}
	_, err := t.w.Write(out)
	return err
}
