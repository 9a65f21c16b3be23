package text

import (
	"strings"

	"github.com/rivo/uniseg"
)

// Width is how many columns a text of one line takes on a terminal.
func Width(s string) int { return uniseg.StringWidth(s) }

// Cut is a text in at most so many columns; what is left out is an ellipsis.
func Cut(s string, columns int) string {
	if columns <= 0 {
		return ""
	}
	if Width(s) <= columns {
		return s
	}
	var b strings.Builder
	used := 0
	for state, rest := -1, s; rest != ""; {
		var cluster string
		var width int
		cluster, rest, width, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if used+width > columns-1 {
			break
		}
		b.WriteString(cluster)
		used += width
	}
	return b.String() + "…"
}

// CutFront is Cut that leaves out the beginning: of EXPERIMENT/NAME the name says more.
func CutFront(s string, columns int) string {
	if columns <= 0 {
		return ""
	}
	for cut := s; ; {
		if Width(cut) <= columns {
			return cut
		}
		_, rest, _, _ := uniseg.FirstGraphemeClusterInString(strings.TrimPrefix(cut, "…"), -1)
		cut = "…" + rest
	}
}

// Pad fills a text up with spaces.
func Pad(s string, columns int) string {
	return s + strings.Repeat(" ", max(0, columns-Width(s)))
}
