package text

import (
	"os"
	"regexp"
)

// Tone is what a word means, as a colour says it.
type Tone string

// The tones: parameters of the sequence that selects a colour.
const (
	Plain    Tone = ""
	Good     Tone = "32" // green
	Doubtful Tone = "33" // yellow
	Bad      Tone = "31" // red
	Moving   Tone = "36" // cyan
	Faint    Tone = "2"
)

// Colours reports whether a stream gets colours: a terminal does, unless NO_COLOR is set or TERM is dumb; with CLICOLOR_FORCE
// everything does.
func Colours(stream any) bool {
	if os.Getenv("NO_COLOR") != "" {
		return false
	}
	if s, ok := stream.(*Screen); ok {
		stream = s.out
	}
	if p, ok := stream.(interface{ Plain() bool }); ok && p.Plain() { // the environment is that of another machine
		return false
	}
	if f := os.Getenv("CLICOLOR_FORCE"); f != "" && f != "0" {
		return true
	}
	return IsTerminal(stream) && os.Getenv("CLICOLOR") != "0"
}

// Paint is a word in the colour of a tone. What others said is cleaned before.
func Paint(word string, tone Tone) string {
	if tone == Plain || word == "" {
		return word
	}
	return "\x1b[" + string(tone) + "m" + word + "\x1b[0m"
}

var painted = regexp.MustCompile("\x1b\\[[0-9;]*m")

// Unpainted is a text without colours.
func Unpainted(s string) string { return painted.ReplaceAllString(s, "") }
