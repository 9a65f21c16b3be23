package text

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// attacks are what a terminal must not get from others: title, clipboard, cursor, link, direction, an 8-bit sequence.
const attacks = "\x1b]0;owned\a\x1b]52;c;cm0=\x07\x1b[2J\x1b[1A\x1b]8;;http://evil\x1b\\x\u202e\u009b2J\x9b2J\b"

// TestScreen shows the text of others as it is, without what it could do.
func TestScreen(t *testing.T) {
	var out bytes.Buffer
	s := NewScreen(&out)
	fmt.Fprintf(s, "last end: %s\n", attacks)
	if got := out.String(); strings.ContainsAny(got, "\x1b\a\b\u202e\u009b") || !strings.Contains(got, `\u001b]52;c;`) || !strings.HasSuffix(got, "\n") {
		t.Errorf("%q", got)
	}
	if Raw(s) != &out || Raw(&out) != &out {
		t.Error("the stream below is another")
	}
	if IsTerminal(s) {
		t.Error("a buffer is a terminal")
	}
}
