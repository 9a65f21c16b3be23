package text

import (
	"io"
	"sync/atomic"

	"assay/reconciler/plain"
)

// Screen is an output on which nothing of what others said moves the cursor, changes the terminal or deceives who reads: what
// is written to it goes through package plain. What this package draws itself goes past it.
type Screen struct {
	out     io.Writer
	between atomic.Pointer[func(write func())]
}

// NewScreen writes to out.
func NewScreen(out io.Writer) *Screen { return &Screen{out: out} }

// Between has every Write made by a function, which can make room for it first; nil ends that. See package live, whose drawing
// would otherwise be torn.
func (s *Screen) Between(by func(write func())) {
	if by == nil {
		s.between.Store(nil)
		return
	}
	s.between.Store(&by)
}

// Write takes all of p, unless writing fails.
func (s *Screen) Write(p []byte) (n int, err error) {
	s.write(func() {
		if _, err = io.WriteString(s.out, plain.Text(string(p))); err == nil {
			n = len(p)
		}
	})
	return n, err
}

func (s *Screen) write(write func()) {
	if by := s.between.Load(); by != nil {
		(*by)(write)
	} else {
		write()
	}
}

// draw writes what this package made itself of plain text, with its colours.
func draw(out io.Writer, text string) {
	if s, ok := out.(*Screen); ok {
		s.write(func() { _, _ = io.WriteString(s.out, text) }) // a closed pipe ends the program by itself
		return
	}
	_, _ = io.WriteString(out, text)
}

// Raw is the stream below a Screen, for what must not be changed: a log in a pipe, the terminal of another program.
func Raw(out io.Writer) io.Writer {
	if s, ok := out.(*Screen); ok {
		return s.out
	}
	return out
}
