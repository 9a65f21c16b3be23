package sse

import "bytes"

// like is an event that was scanned, cut into what stands before and after its text. Most events of a stream differ in
// their text only: comparing them with it costs a tenth of scanning.
type like struct {
	known         bool
	thought       bool // its text is a thought
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

// line returns the text of an event that differs in nothing else and begins a piece, with its line and the empty one behind it, and
// their length. It reads no byte twice, and most of them only to compare them.
func (l *like) line(piece []byte) (text []byte, n int, ok bool) {
	const field = "data: "
	if !l.known || len(piece) < len(field) || string(piece[:len(field)]) != field || !bytes.HasPrefix(piece[len(field):], l.before) {
		return nil, 0, false
	}
	from := len(field) + len(l.before)
	for n = from; ; n++ {
		switch {
		case n == len(piece) || piece[n] == '\\' || piece[n] < ' ':
			return nil, 0, false
		case piece[n] != '"':
			continue
		}
		break
	}
	text, n = piece[from:n], n+len(l.after)
	if n+2 > len(piece) || string(piece[n:n+2]) != "\n\n" || !bytes.HasSuffix(piece[:n], l.after) {
		return nil, 0, false
	}
	return text, n + 2, true
}

// learn remembers an event that has nothing but a text, or nothing but a thought, without escapes.
func (l *like) learn(data []byte, e *Event) {
	text := e.Text
	if l.thought = len(text) == 0; l.thought {
		text = e.Thought
	}
	at := cap(data) - cap(text) // a text without escapes is a part of data
	l.known = e.Choices && e.Finish == nil && !e.Usage && e.Error == nil && e.Tools == nil && len(text) > 0 && (l.thought || len(e.Thought) == 0) &&
		at >= 0 && at+len(text) <= len(data) && &data[at] == &text[0]
	if l.known {
		l.before, l.after = append(l.before[:0], data[:at]...), append(l.after[:0], data[at+len(text):]...)
	}
}

// forget keeps only the buffers: another stream has another id.
func (l like) forget() like { return like{before: l.before, after: l.after} }
