//go:build linux

package wire

import "bytes"

// mostParts is into how many parts at most a piece is read.
const mostParts = 4

// readApart reads what has gathered on a connection whose events come close behind each other, cut behind events: the kernel keeps the
// packets of a piece apart as long as the server may have to send them again, each with its stamp, and a read gives the stamp of
// the last packet that it takes from. It returns false, and has read nothing, where there is nothing to tell apart.
func (l *loop) readApart(c *conn) bool {
	if l.watch.since == 0 || c.index < 0 || l.crowd.gap >= brieflyLong {
		return false
	}
	piece, err := l.recv.Peek(c.fd)
	if err != nil { // the kernel tells it once
		l.received(c, nil, 0, err, true)
		return true
	}
	parts := cut(piece, l.parts[:0])
	if len(parts) < 2 {
		return false
	}
	index, rest, had := c.index, len(piece), len(c.resp.stream.Events)
	for _, size := range parts {
		part, stamp, err := l.recv.ReadPart(c.fd, size)
		rest -= size
		l.received(c, part, stamp, err, false)
		if c.index != index { // it has ended
			break
		}
	}
	if c.fd >= 0 && rest > 0 {
		_, _, _ = l.recv.ReadPart(c.fd, rest) // what comes behind an answer is no part of it
	}
	l.crowd.packets(max(0, len(c.resp.stream.Events)-had), true)
	return true
}

// cut appends the lengths of the parts of a piece: the first event, and as many more as there may be, each of whole events.
func cut(piece []byte, parts []int) []int {
	step := len(piece) / mostParts
	for from := 0; from < len(piece); {
		size := len(piece) - from
		skip := step
		if from == 0 {
			skip = 0
		}
		if skip < size && len(parts) < mostParts-1 {
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
