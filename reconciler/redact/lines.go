package redact

import (
	"bytes"
	"io"
	"regexp"
)

const (
	// longLine is the length in bytes up to which a line is looked at as a whole. A longer one is looked at in pieces, cut
	// behind a space where there is one.
	longLine = 64 << 10
	// longKey bounds a private key, in bytes: what has no end by then was none.
	longKey = 32 << 10
)

var (
	keyBegins = regexp.MustCompile(beginKey)
	keyEnds   = regexp.MustCompile(endKey)
)

// Lines hides what Patterns hides in what it passes on. It holds back a line until it is whole, or Flush: at most 64 KiB.
type Lines struct {
	w     io.Writer
	held  []byte
	inKey int // bytes of a private key that were left out; 0: outside of one
	err   error
}

// NewLines returns a Lines to w.
func NewLines(w io.Writer) *Lines { return &Lines{w: w} }

// Write takes all of p, unless writing failed.
func (l *Lines) Write(p []byte) (int, error) {
	n := 0
	for len(p) > 0 && l.err == nil {
		part := p[:min(len(p), longLine)]
		p = p[len(part):]
		l.held = append(l.held, part...)
		n += len(part)
		done := 0
		for l.err == nil {
			end := lineEnd(l.held[done:])
			if end == 0 {
				break
			}
			l.pass(string(l.held[done : done+end]))
			done += end
		}
		l.held = append(l.held[:0], l.held[done:]...)
	}
	return n, l.err
}

// lineEnd is where the first line ends, or what has to do for one; 0 when more has to come.
func lineEnd(b []byte) int {
	end := bytes.IndexByte(b, '\n') + 1
	if end == 0 && len(b) >= longLine {
		if end = bytes.LastIndexAny(b[:longLine], " \t,;") + 1; end < longLine/2 {
			end = longLine
		}
	}
	return end
}

// Flush passes on what is held back.
func (l *Lines) Flush() error {
	if len(l.held) > 0 && l.err == nil {
		l.pass(string(l.held))
		l.held = l.held[:0]
	}
	return l.err
}

// pass writes a line, or leaves it out as a part of a private key.
func (l *Lines) pass(line string) {
	if l.inKey > 0 {
		if l.inKey += len(line); l.inKey > longKey {
			l.inKey = 0
		} else if end := keyEnds.FindStringIndex(line); end == nil {
			return
		} else {
			l.inKey, line = 0, line[end[1]:]
		}
	}
	if at := keyBegins.FindAllStringIndex(line, -1); at != nil && keyEnds.FindStringIndex(line[at[len(at)-1][1]:]) == nil {
		last := at[len(at)-1][0]
		l.inKey, line = len(line)-last, line[:last]+Mark+"\n"
	}
	_, l.err = io.WriteString(l.w, Patterns(line))
}
