package text

import (
	"fmt"
	"io"
	"time"

	"assay/reconciler/plain"
)

const progressEvery = 10 * time.Second // between two lines where there is no terminal

// Progress is one line that says how many of a number of files are done.
type Progress struct {
	out   io.Writer
	tty   bool
	total int
	next  time.Time
}

// NewProgress counts up to total. Nothing is printed yet.
func NewProgress(out io.Writer, total int) *Progress {
	return &Progress{out: Raw(out), tty: IsTerminal(out), total: total, next: time.Now().Add(progressEvery)}
}

// Show says that done files are finished and which one is at work. On a terminal the line is redrawn, and removed at the
// end; elsewhere a line is printed now and then.
func (p *Progress) Show(done int, file string) {
	switch {
	case p.tty && done == p.total:
		fmt.Fprint(p.out, "\r\x1b[2K")
	case p.tty:
		fmt.Fprintf(p.out, "\r\x1b[2K%d of %d files  %.80s", done, p.total, plain.Line(file))
	case time.Now().After(p.next):
		fmt.Fprintf(p.out, "%d of %d files\n", done, p.total)
		p.next = time.Now().Add(progressEvery)
	}
}
