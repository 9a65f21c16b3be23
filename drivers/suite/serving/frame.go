package serving

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"
)

// frames are the bodies of completions, by what copies of a payload differ in, cut where the prompt stands. Encoding all members of every body anew
// takes longer than sending it.
type frames struct{ by sync.Map }

type frameOf struct {
	maxTokens int
	ignoreEOS bool
}

// frame is what stands before and behind the prompt, as a JSON string.
type frame struct{ before, after []byte }

// mark stands for the prompt.
const mark = "\x00 where the prompt stands \x00"

// framed is the body of a completion without a constraint, byte for byte what whole makes.
func (p payload) framed(prompt string) ([]byte, error) {
	key := frameOf{p.maxTokens, p.ignoreEOS}
	f, ok := p.frames.by.Load(key)
	if !ok {
		body, err := p.whole(ask(mark), nil)
		if err != nil {
			return nil, err
		}
		text, err := json.Marshal(mark)
		if err != nil {
			return nil, fmt.Errorf("encoding a request: %w", err)
		}
		if bytes.Count(body, text) != 1 { // a member of the manifest holds it too
			return p.whole(ask(prompt), nil)
		}
		before, after, _ := bytes.Cut(body, text)
		f, _ = p.frames.by.LoadOrStore(key, frame{before, after})
	}
	cut := f.(frame)
	out := make([]byte, 0, len(cut.before)+len(prompt)+2+len(cut.after))
	if out = append(out, cut.before...); plainASCII(prompt) {
		out = append(append(append(out, '"'), prompt...), '"')
	} else {
		text, err := json.Marshal(prompt)
		if err != nil {
			return nil, fmt.Errorf("encoding a request: %w", err)
		}
		out = append(out, text...)
	}
	return append(out, cut.after...), nil
}

// plainASCII reports whether encoding/json leaves every byte of a string as it is.
func plainASCII(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ', c > '~', c == '"', c == '\\', c == '<', c == '>', c == '&':
			return false
		}
	}
	return true
}
