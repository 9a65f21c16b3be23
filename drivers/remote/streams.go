package remote

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
)

// farOutput is a stream of the laptop. It is a terminal when that has columns.
type farOutput struct {
	io.Writer
	columns atomic.Int64
	lines   atomic.Int64
	plain   bool
}

func newFarOutput(w *writer, k kind, columns int, t Terminal) *farOutput {
	o := &farOutput{Writer: w.stream(k), plain: t.Plain}
	o.columns.Store(int64(columns))
	o.lines.Store(int64(t.Lines))
	return o
}

func (o *farOutput) resize(t Terminal) {
	if t.Columns > 0 && o.Columns() > 0 {
		o.columns.Store(int64(t.Columns))
		o.lines.Store(int64(t.Lines))
	}
}

// Lines is the height of the terminal; 0: it is not known.
func (o *farOutput) Lines() int { return int(o.lines.Load()) }

// Plain reports whether it gets no colours.
func (o *farOutput) Plain() bool { return o.plain }

// Columns is the width of the terminal, in columns; 0: it is none.
func (o *farOutput) Columns() int { return int(o.columns.Load()) }

// Out is the laptop's standard output.
func (s *Session) Out() io.Writer { return s.out }

// Err is the laptop's standard error.
func (s *Session) Err() io.Writer { return s.errs }

// In is the laptop's standard input. Nothing is read from it before the verb reads.
func (s *Session) In() io.Reader { return s.in }

// farInput asks the laptop for input whenever a verb wants some.
type farInput struct {
	w        *writer
	terminal bool

	reading sync.Mutex
	rest    []byte
	err     error
	come    chan input
}

func newFarInput(w *writer) *farInput { return &farInput{w: w, come: make(chan input, 4)} }

// Columns is 1 when the input is a terminal, and else 0.
func (i *farInput) Columns() int {
	if i.terminal {
		return 1
	}
	return 0
}

// deliver never waits: more than what was asked for is not taken.
func (i *farInput) deliver(in input) {
	select {
	case i.come <- in:
	default:
	}
}

func (i *farInput) Read(p []byte) (int, error) {
	i.reading.Lock()
	defer i.reading.Unlock()
	if len(i.rest) == 0 && i.err == nil {
		if err := i.w.send(kindWant, nil); err != nil {
			return 0, err
		}
		in := <-i.come
		i.rest = in.Data
		switch {
		case in.Error != "":
			i.err = errors.New(in.Error)
		case in.End:
			i.err = io.EOF
		}
	}
	n := copy(p, i.rest)
	i.rest = i.rest[n:]
	if n == 0 {
		return 0, i.err
	}
	return n, nil
}
