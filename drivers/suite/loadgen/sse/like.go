package sse

import "bytes"

// like is an event that was scanned, cut into what stands before and after its text. Most events of a stream differ in
// their text only: comparing them with it costs a tenth of scanning.
type like struct {
	known         bool
	before, after []byte
}

// text returns the text of an event that differs in nothing else. It returns false when the event differs, and also when
// its text has a quote or a backslash, because then it must be scanned.
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

// learn remembers an event that has nothing but a text, without escapes.
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
