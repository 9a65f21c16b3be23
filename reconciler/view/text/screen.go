package text

import (
	"io"

	"assay/reconciler/plain"
)

// Screen is an output on which nothing of what others said moves the cursor, changes the terminal or deceives who reads: what
// is written to it goes through package plain. What this package draws itself goes past it.
type Screen struct{ out io.Writer }

// NewScreen writes to out.
func NewScreen(out io.Writer) *Screen { return &Screen{out} }

// Write takes all of p, unless writing fails.
func (s *Screen) Write(p []byte) (int, error) {
	if _, err := io.WriteString(s.out, plain.Text(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Raw is the stream below a Screen, for what must not be changed: a log in a pipe, the terminal of another program.
func Raw(out io.Writer) io.Writer {
	if s, ok := out.(*Screen); ok {
		return s.out
	}
	return out
}
