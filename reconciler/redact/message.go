package redact

import (
	"strings"

	"assay/reconciler/plain"
)

// MaxMessage bounds a message of others, in bytes: what is longer is cut at its end.
const MaxMessage = 64 << 10

// Message is what a server or a program said as it may be stored and shown: without the values, without what looks like a
// secret (Patterns), and without controls of a terminal (package plain). No values, nil, are none.
func (v *Values) Message(text string) string {
	if text == "" {
		return ""
	}
	text = plain.Text(Patterns(v.Hide(text)))
	if len(text) > MaxMessage {
		text = strings.ToValidUTF8(text[:MaxMessage], "") + " …"
	}
	return text
}

// Hide is a text without the values, and otherwise as it is.
func (v *Values) Hide(text string) string {
	if v == nil || v.longest == 0 {
		return text
	}
	var b strings.Builder
	w := v.Writer(&b)
	_, _ = w.Write([]byte(text)) // a Builder takes everything
	_ = w.Flush()
	return b.String()
}

// Message is what some values and Patterns leave of a text; see Values.Message.
func Message(text string, secrets ...string) string { return Of(secrets...).Message(text) }
