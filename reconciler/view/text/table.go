package text

import (
	"fmt"
	"io"
	"strings"

	"assay/reconciler/plain"
)

// between is the room between two columns of a table.
const between = 3

// Table prints rows below a header: aligned, and on a terminal with states in colours. A cell is one line of plain text, and is
// never cut.
func Table(out io.Writer, header []string, rows [][]string) {
	Lines(out, TableLines(header, rows, Colours(out)))
}

// Lines prints lines that are plain but for colours.
func Lines(out io.Writer, lines []string) { draw(out, strings.Join(lines, "\n")+"\n") }

// TableLines are the lines of a table, the header first.
func TableLines(header []string, rows [][]string, colours bool) []string {
	all := make([][]string, 0, len(rows)+1)
	widths := make([]int, len(header))
	for _, r := range append([][]string{header}, rows...) {
		line := cells(r)
		for i, c := range line {
			if i < len(widths) {
				widths[i] = max(widths[i], Width(c))
			}
		}
		all = append(all, line)
	}
	out := make([]string, 0, len(all))
	for n, line := range all {
		var b strings.Builder
		for i, c := range line {
			shown := c
			if colours && n > 0 && i < len(header) {
				shown = Paint(c, toneOf(header[i], c))
			}
			b.WriteString(shown)
			if i < len(line)-1 && i < len(widths) {
				b.WriteString(strings.Repeat(" ", widths[i]-Width(c)+between))
			}
		}
		out = append(out, b.String())
	}
	return out
}

// TSV prints rows below a header, for programs: cells are separated by tabs, and hold none.
func TSV(out io.Writer, header []string, rows [][]string) {
	for _, r := range append([][]string{header}, rows...) {
		fmt.Fprintln(out, strings.Join(cells(r), "\t"))
	}
}

func cells(row []string) []string {
	line := make([]string, len(row))
	for i, c := range row {
		line[i] = plain.Line(c)
	}
	return line
}
