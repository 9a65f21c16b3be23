package plain

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text returns a text of any number of lines without what could deceive who sees it.
func Text(s string) string {
	if harmless(s) {
		return s
	}
	b, _ := clean(nil, []byte(s), true, 0)
	return string(b)
}

// Line is Text on one line: line ends and tabs become spaces.
func Line(s string) string {
	s = Text(s)
	if !strings.ContainsAny(s, "\n\t") {
		return s
	}
	return strings.NewReplacer("\n", " ", "\t", " ").Replace(s)
}

// harmless texts are nearly all: printable ASCII, line ends and tabs.
func harmless(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= 0x7f || c < ' ' && c != '\n' && c != '\t' {
			return false
		}
	}
	return true
}

// maxColour bounds a colour's sequence, in bytes.
const maxColour = 32

// clean appends b to dst, cleaned. Last is the character before b. Unless b is the end of a text, it leaves what could go on
// behind b: done is how much of b is in dst.
func clean(dst, b []byte, end bool, last rune) (out []byte, done int) {
	for done < len(b) {
		rest := b[done:]
		if !end && len(rest) < maxColour && undecided(rest) {
			return dst, done
		}
		r, n := utf8.DecodeRune(rest)
		switch {
		case r == '\x1b' && colour(rest) > 0:
			n = colour(rest)
			r = last // it is not there
		case r == '\r':
			if len(rest) > 1 && rest[1] == '\n' {
				n = 2
			}
			r = '\n'
			dst = append(dst, '\n')
		case r == utf8.RuneError && n == 1:
			dst = utf8.AppendRune(dst, utf8.RuneError)
		case deceptive(r) && !joins(r, last, rest[n:]):
			dst = escape(dst, r)
		default:
			dst = append(dst, rest[:n]...)
		}
		last, done = r, done+n
	}
	return dst, done
}

// undecided reports whether what follows b could change what b means.
func undecided(b []byte) bool {
	switch {
	case b[0] == '\x1b':
		for i, c := range b[1:] {
			if i == 0 && c != '[' || i > 0 && !parameter(c) {
				return false
			}
		}
		return true
	case b[0] == '\r':
		return len(b) == 1
	case !utf8.FullRune(b):
		return true
	}
	r, n := utf8.DecodeRune(b)
	return (r == '\u200c' || r == '\u200d') && !utf8.FullRune(b[n:])
}

// colour is the length of the colour's sequence that b begins with: ESC [ numbers m; 0 when it is something else.
func colour(b []byte) int {
	if len(b) < 3 || b[1] != '[' {
		return 0
	}
	for i, c := range b[2:min(len(b), maxColour)] {
		switch {
		case c == 'm':
			return i + 3
		case !parameter(c):
			return 0
		}
	}
	return 0
}

func parameter(c byte) bool { return c >= '0' && c <= '9' || c == ';' || c == ':' }

// deceptive characters are not seen, or change how others are.
func deceptive(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r < 0x7f:
		return r < ' '
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co) || r == '\u115f' || r == '\u1160' || r == '\u3164' || r == '\uffa0' // blank letters
}

// joins reports whether r is a joiner between characters of a script that has them.
func joins(r, last rune, rest []byte) bool {
	next, _ := utf8.DecodeRune(rest)
	return (r == '\u200c' || r == '\u200d') && visible(last) && visible(next)
}

func visible(r rune) bool { return r > 0x7f && r != utf8.RuneError && !deceptive(r) }

// escape appends r as JSON writes it.
func escape(dst []byte, r rune) []byte {
	if r > 0xffff {
		r -= 0x10000
		return fmt.Appendf(dst, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
	}
	return fmt.Appendf(dst, `\u%04x`, r)
}
