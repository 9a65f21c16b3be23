package text

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"golang.org/x/term"
)

// Terminal is a stream that may be a terminal of another machine.
type Terminal interface{ Columns() int } // its width; 0: it is none

// IsTerminal reports whether a stream is a terminal that can be redrawn.
func IsTerminal(stream any) bool {
	if s, ok := stream.(*Screen); ok {
		stream = s.out
	}
	if t, ok := stream.(Terminal); ok {
		return t.Columns() > 0
	}
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// Columns is the width of a stream that is a terminal, 80 where that is not known; 0: it is none.
func Columns(stream any) int {
	if !IsTerminal(stream) {
		return 0
	}
	_, columns := Size(stream)
	return columns
}

// Height is how many lines the first of the streams has that is a terminal; 0: none is.
func Height(streams ...any) int {
	for _, s := range streams {
		if IsTerminal(s) {
			lines, _ := Size(s)
			return lines
		}
	}
	return 0
}

// Size is that of a terminal: 24 lines of 80 columns where it does not say.
func Size(stream any) (lines, columns int) {
	if s, ok := stream.(*Screen); ok {
		stream = s.out
	}
	switch t := stream.(type) {
	case Terminal:
		columns = t.Columns()
		if h, ok := stream.(interface{ Lines() int }); ok {
			lines = h.Lines()
		}
	case *os.File:
		if w, h, err := term.GetSize(int(t.Fd())); err == nil {
			lines, columns = h, w
		}
	}
	if lines <= 0 {
		lines = 24
	}
	if columns <= 0 {
		columns = 80
	}
	return lines, columns
}

// Resized is the width of the widest of the streams, whenever a terminal has become wider or narrower, until ctx ends. Without a
// terminal among them it is nil.
func Resized(ctx context.Context, streams ...any) <-chan int {
	if !slices.ContainsFunc(streams, func(s any) bool { return Columns(s) > 0 }) {
		return nil
	}
	to, c := make(chan int), make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGWINCH)
	go func() {
		defer signal.Stop(c)
		for {
			select {
			case <-c:
			case <-ctx.Done():
				return
			}
			w := 0
			for _, s := range streams {
				w = max(w, Columns(s))
			}
			if w == 0 {
				continue
			}
			select {
			case to <- w:
			case <-ctx.Done():
				return
			}
		}
	}()
	return to
}
