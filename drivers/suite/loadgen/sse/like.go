package sse

import "bytes"

// like is an event that was read whole, cut where its text is. The next ones of a stream mostly differ in nothing but
// that: then comparing does, at a tenth of the cost of reading.
type like struct {
	known         bool
	before, after []byte
}

// text is that of an event which is like this one; false when it is another, or may be: a quote or a backslash would have
// to be read.
func (l *like) text(data []byte) ([]byte, bool) {
	end := len(data) - len(l.after)
	if !l.known || end < len(l.before) || !bytes.HasPrefix(data, l.before) || !bytes.HasSuffix(data, l.after) {
		return nil, false
	}
	text := data[len(l.before):end]
	if bytes.IndexByte(text, '"') >= 0 || bytes.IndexByte(text, '\\') >= 0 {
		return nil, false
	}
	return text, true
}

// learn remembers an event that says nothing but its text, where that stands in data as it is.
func (l *like) learn(data []byte, e *Event) {
	at := cap(data) - cap(e.Text) // a text without escapes is a part of data
	l.known = e.Choices && e.Finish == nil && !e.Usage && e.Error == nil && len(e.Text) > 0 &&
		at >= 0 && at+len(e.Text) <= len(data) && &data[at] == &e.Text[0]
	if l.known {
		l.before, l.after = append(l.before[:0], data[:at]...), append(l.after[:0], data[at+len(e.Text):]...)
	}
}

// forget keeps only the buffers: another stream has another id.
func (l like) forget() like { return like{before: l.before, after: l.after} }
