//go:build linux

package wire

import (
	"bytes"
	"time"
)

const (
	// mostParts is into how many parts at most a piece is read, and manyParts where much has gathered because the thread overslept.
	mostParts, manyParts = 3, 16
	// Where so many pieces had one stamp alone, or one event, only every tries-th is tried.
	tries = 32
)

// finds is how often pieces had more than one stamp, of late.
type finds struct{ credit, skipped int }

// worth reports whether it is worth to try.
func (f *finds) worth() bool {
	if f.credit > 0 {
		return true
	}
	f.skipped++
	return f.skipped%tries == 1
}

// tried notes what came of it.
func (f *finds) tried(found bool) {
	if f.credit = max(0, f.credit-1); found {
		f.credit = tries
	}
}

// readApart reads what has gathered on a connection whose events come close behind each other, cut behind events. A read gives the
// stamp of the last packet that it takes from, and the kernel keeps packets apart where it can: over the loopback until they are
// acknowledged. Where it has put them together they share the last one's stamp, and Blur says so, as it does of the parts of
// several events. It returns false, and has read nothing, where there is nothing to tell apart.
func (l *loop) readApart(c *conn) bool {
	if l.watch.since == 0 || c.index < 0 || l.crowd.gap >= brieflyLong || !l.finds.worth() {
		return false
	}
	piece, err := l.recv.Peek(c.fd)
	if err != nil { // the kernel tells it once
		l.received(c, nil, 0, err, true)
		return true
	}
	most := mostParts
	if l.crowd.awake > 0 {
		most = manyParts
	}
	parts := cut(piece, most, l.parts[:0])
	if len(parts) < 2 {
		l.finds.tried(false)
		return false
	}
	index, rest, had := c.index, len(piece), len(c.resp.stream.Events)
	first, found := time.Duration(0), false
	for i, size := range parts {
		part, stamp, err := l.recv.ReadPart(c.fd, size)
		if rest -= size; i == 0 {
			first = stamp
		}
		found = found || stamp != first
		l.received(c, part, stamp, err, false)
		if c.index != index { // it has ended
			break
		}
	}
	if c.fd >= 0 && rest > 0 {
		_, _, _ = l.recv.ReadPart(c.fd, rest) // what comes behind an answer is no part of it
	}
	l.finds.tried(found)
	l.crowd.packets(max(0, len(c.resp.stream.Events)-had), true)
	return true
}

// cut appends the lengths of the parts of a piece: the first event, and as many more as there may be, each of whole events.
func cut(piece []byte, most int, parts []int) []int {
	step := len(piece) / most
	for from := 0; from < len(piece); {
		size := len(piece) - from
		skip := step
		if from == 0 {
			skip = 0
		}
		if skip < size && len(parts) < most-1 {
			if n := bytes.Index(piece[from+skip:], []byte("\n\n")); n >= 0 {
				size = skip + n + 2
				if bytes.HasPrefix(piece[from+size:], []byte("\r\n")) { // the end of a chunk
					size += 2
				}
			}
		}
		parts, from = append(parts, size), from+size
	}
	return parts
}
