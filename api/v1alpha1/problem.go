package v1alpha1

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/hashicorp/go-multierror"
)

// Problem is one fault of a manifest. Line and Col count from 1; 0 is "not known". Its text is
// file:line:col: path: message (hint).
type Problem struct {
	File    string
	Line    int
	Col     int
	Path    string // spec.services[0].vllm.model; a map's key in brackets; empty for the document as a whole
	Message string // a statement about the field at Path
	Hint    string // what to write instead; can be empty
}

func (p Problem) Error() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File + ":")
	}
	if p.Line > 0 {
		fmt.Fprintf(&b, "%d:%d:", p.Line, p.Col)
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Message)
	if p.Hint != "" {
		b.WriteString(" (" + p.Hint + ")")
	}
	return b.String()
}

// combine sorts problems by place and makes one error of them; nil when there are none.
func combine(problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col),
			cmp.Compare(a.Path, b.Path), cmp.Compare(a.Message, b.Message))
	})
	out := &multierror.Error{ErrorFormat: format}
	for _, p := range slices.Compact(problems) {
		out.Errors = append(out.Errors, p)
	}
	return out
}

func format(errs []error) string {
	var lines []string
	for _, err := range errs[:min(len(errs), shown)] {
		lines = append(lines, err.Error())
	}
	if more := len(errs) - shown; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more problems", more))
	}
	return strings.Join(lines, "\n")
}

// Nearest returns the name that was probably meant by word, or "".
func Nearest(word string, names []string) string {
	if len(word) > 100 {
		return ""
	}
	lower := strings.ToLower(word)
	allowed := max(1, len(word)/3)
	if len(word) == 4 || len(word) == 5 {
		allowed = 2 // two letters swapped
	}
	best, distance := "", allowed+1
	names = slices.DeleteFunc(slices.Sorted(slices.Values(names)), func(name string) bool { return len(name) > len(word)+allowed || len(word) > len(name)+allowed })
	for _, name := range names[:min(len(names), maxNearest)] {
		if d := levenshtein.ComputeDistance(lower, strings.ToLower(name)); d < distance {
			best, distance = name, d
		}
	}
	return best
}

// maxNearest bounds how many names of about the same length a word is compared with: a comparison takes microseconds.
const maxNearest = 500

// maxKnown is how long a hint that lists names can be, in bytes.
const maxKnown = 600

// meant is the hint for a word that is not among names.
func meant(word string, names []string) string {
	if name := Nearest(word, names); name != "" {
		return "did you mean " + name + "?"
	}
	if len(names) == 0 {
		return ""
	}
	names = slices.Sorted(slices.Values(names))
	known := "known: " + names[0]
	for i, name := range names[1:] {
		if len(known)+len(name) > maxKnown {
			return fmt.Sprintf("%s and %d more", known, len(names)-1-i)
		}
		known += ", " + name
	}
	return known
}

// brief quotes a value for a message, cut to a length that fits a line.
func brief(s string) string { return fmt.Sprintf("%q", cut(s)) }

// cut shortens a value for a message.
func cut(s string) string {
	const letters = 40
	n := 0
	for i := range s {
		if n++; n > letters {
			return s[:i] + "…"
		}
	}
	return s
}
