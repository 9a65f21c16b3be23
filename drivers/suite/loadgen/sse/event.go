package sse

import (
	"bytes"
	"errors"
	"strconv"
)

// Event is one event of the stream. Its slices alias the scanned data, or scratch space where there were escapes: they are
// valid until the next Scan.
type Event struct {
	Choices    bool   // the choices array has a first element
	Text       []byte // of the answer
	Thought    []byte // of a reasoning model, before its answer: reasoning_content, or reasoning
	Tools      []byte // tool_calls as they are; nil when there is none
	Model      []byte // that answers; nil when the event names none
	Finish     []byte // finish_reason; nil when there is none
	Usage      bool
	Prompt     int    // tokens
	Completion int    // tokens
	Reasoned   int    // tokens of the completion that are thoughts, where usage tells them apart
	Error      []byte // the value of "error"; nil when there is none
	scratch    []byte
	last       like
}

var errMalformed = errors.New("malformed JSON")

// Scan reads the few fields of a completion chunk that matter, of either API, without an allocation: encoding/json on every
// event is three quarters of a client's CPU time in a burst. A field that matters and has another shape is an error; other
// fields are skipped without a check.
func (e *Event) Scan(data []byte) error {
	*e = Event{scratch: e.scratch[:0], last: e.last}
	if text, ok := e.last.text(data); ok {
		if e.Choices = true; e.last.thought {
			e.Thought = text
		} else {
			e.Text = text
		}
		return nil
	}
	err := e.read(data)
	if err == nil {
		e.last.learn(data, e)
	}
	return err
}

func (e *Event) read(data []byte) error {
	return members(data, func(key, value []byte) error {
		switch string(key) {
		case "choices":
			return e.scanChoices(value)
		case "model":
			return e.unquote(value, &e.Model)
		case "usage":
			return e.scanUsage(value)
		case "error":
			if !isNull(value) {
				e.Error = value
			}
		}
		return nil
	})
}

func (e *Event) scanChoices(value []byte) error {
	if isNull(value) {
		return nil
	}
	if len(value) < 2 || value[0] != '[' {
		return errMalformed
	}
	first := skipSpace(value[1:])
	if len(first) > 0 && first[0] == ']' {
		return nil
	}
	e.Choices = true
	return members(first, func(key, value []byte) error {
		switch string(key) {
		case "text":
			return e.unquote(value, &e.Text)
		case "finish_reason":
			return e.unquote(value, &e.Finish)
		case "delta":
			return members(value, e.scanDelta)
		}
		return nil
	})
}

func (e *Event) scanDelta(key, value []byte) error {
	switch string(key) {
	case "content":
		return e.unquote(value, &e.Text)
	case "reasoning_content", "reasoning": // some servers have an object by this name
		if value[0] == '"' {
			return e.unquote(value, &e.Thought)
		}
	case "tool_calls":
		if !isNull(value) && string(value) != "[]" {
			e.Tools = value
		}
	}
	return nil
}

func (e *Event) scanUsage(value []byte) error {
	if isNull(value) {
		return nil
	}
	e.Usage = true
	return members(value, func(key, value []byte) (err error) {
		switch string(key) {
		case "prompt_tokens":
			e.Prompt, err = strconv.Atoi(string(value))
		case "completion_tokens":
			e.Completion, err = strconv.Atoi(string(value))
		case "completion_tokens_details":
			if value[0] == '{' {
				err = members(value, func(key, value []byte) error {
					if string(key) == "reasoning_tokens" {
						e.Reasoned, _ = strconv.Atoi(string(value)) // null is none
					}
					return nil
				})
			}
		}
		return err
	})
}

// unquote sets dst to a JSON string's content; null leaves it.
func (e *Event) unquote(value []byte, dst *[]byte) error {
	if isNull(value) {
		return nil
	}
	if len(value) < 2 || value[0] != '"' {
		return errMalformed
	}
	value = value[1 : len(value)-1]
	if bytes.IndexByte(value, '\\') < 0 {
		*dst = value
		return nil
	}
	from := len(e.scratch)
	var ok bool
	if e.scratch, ok = appendUnescaped(e.scratch, value); !ok {
		return errMalformed
	}
	*dst = e.scratch[from:]
	return nil
}

// members calls f with the raw key (without quotes) and the raw value of each member of a JSON object.
func members(data []byte, f func(key, value []byte) error) error {
	rest := skipSpace(data)
	if len(rest) == 0 || rest[0] != '{' {
		return errMalformed
	}
	rest = skipSpace(rest[1:])
	if len(rest) > 0 && rest[0] == '}' {
		return nil
	}
	for {
		end, err := stringEnd(rest)
		if err != nil {
			return err
		}
		key := rest[1 : end-1]
		rest = skipSpace(rest[end:])
		if len(rest) == 0 || rest[0] != ':' {
			return errMalformed
		}
		rest = skipSpace(rest[1:])
		if end, err = valueEnd(rest); err != nil {
			return err
		}
		if err := f(key, rest[:end]); err != nil {
			return err
		}
		rest = skipSpace(rest[end:])
		switch {
		case len(rest) > 0 && rest[0] == ',':
			rest = skipSpace(rest[1:])
		case len(rest) > 0 && rest[0] == '}':
			return nil
		default:
			return errMalformed
		}
	}
}

// valueEnd is the length of the JSON value at the start of b.
func valueEnd(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, errMalformed
	}
	switch b[0] {
	case '"':
		return stringEnd(b)
	case '{', '[':
		depth := 0
		for i := 0; i < len(b); i++ {
			switch b[i] {
			case '"':
				n, err := stringEnd(b[i:])
				if err != nil {
					return 0, err
				}
				i += n - 1
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1, nil
				}
			}
		}
		return 0, errMalformed
	}
	n := bytes.IndexAny(b, ",}] \t\r\n")
	if n < 0 {
		n = len(b)
	}
	if n == 0 {
		return 0, errMalformed
	}
	return n, nil
}

// stringEnd is the length of the JSON string at the start of b, quotes included.
func stringEnd(b []byte) (int, error) {
	if len(b) == 0 || b[0] != '"' {
		return 0, errMalformed
	}
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1, nil
		}
	}
	return 0, errMalformed
}

func isNull(value []byte) bool { return string(value) == "null" }

func skipSpace(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t' || b[0] == '\r' || b[0] == '\n') {
		b = b[1:]
	}
	return b
}
