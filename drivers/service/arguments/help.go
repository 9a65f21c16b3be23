package arguments

import (
	"regexp"
	"slices"
	"strings"
)

// Option is one option of a program.
type Option struct {
	Names      []string `json:"names"`             // long ones, without dashes; the first is its own
	Choices    []string `json:"choices,omitempty"` // values that it takes; empty: not stated
	Deprecated bool     `json:"deprecated,omitempty"`
}

var (
	heading    = regexp.MustCompile(`^ {0,4}-{1,2}[A-Za-z0-9]`)
	longName   = regexp.MustCompile(`(?:^|[ ,])--([A-Za-z0-9][A-Za-z0-9_.-]*)`)
	aligned    = regexp.MustCompile(`, {2,}-`) // names in columns, as llama.cpp prints them
	choiceList = regexp.MustCompile(`\{([^{}]*)\}`)
)

// Parse reads the options out of a help text. An option begins a line that is indented by at most four spaces, or by none; its help follows
// two spaces later, or on lines that are indented further.
func Parse(text string) []Option {
	var out []Option
	for block := range blocks(text) {
		head, help, _ := strings.Cut(strings.TrimSpace(block), "  ")
		var o Option
		for _, m := range longName.FindAllStringSubmatch(choiceList.ReplaceAllString(head, ""), -1) {
			if !slices.Contains(o.Names, m[1]) {
				o.Names = append(o.Names, m[1])
			}
		}
		if len(o.Names) == 0 {
			continue
		}
		if m := choiceList.FindStringSubmatch(head); m != nil {
			for c := range strings.SplitSeq(m[1], ",") {
				if c = strings.TrimSpace(c); c != "" && c != "..." {
					o.Choices = append(o.Choices, c)
				}
			}
		}
		o.Deprecated = deprecated.MatchString(help)
		out = append(out, o)
	}
	return out
}

// deprecated matches a help that begins by saying so; one that only speaks of other options which are does not.
var deprecated = regexp.MustCompile(`(?i)^\W*(\[?deprecated|this (argument|option|flag) is deprecated)`)

// blocks are the options of a text with their help, each as one string in which the help is two spaces after the head.
func blocks(text string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		var block strings.Builder
		for line := range strings.Lines(text) {
			line = strings.TrimRight(line, "\r\n \t")
			switch {
			case heading.MatchString(line):
				if block.Len() > 0 && !yield(block.String()) {
					return
				}
				block.Reset()
				block.WriteString(aligned.ReplaceAllString(strings.TrimSpace(line), ", -"))
			case block.Len() > 0 && strings.HasPrefix(line, "     "):
				sep := " "
				if !strings.Contains(block.String(), "  ") && strings.Count(block.String(), "{") == strings.Count(block.String(), "}") {
					sep = "  "
				}
				block.WriteString(sep + strings.TrimSpace(line))
			case line != "":
				if block.Len() > 0 && !yield(block.String()) {
					return
				}
				block.Reset()
			}
		}
		if block.Len() > 0 {
			yield(block.String())
		}
	}
}
