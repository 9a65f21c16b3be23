package text

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"assay/reconciler/plain"
)

// Table prints rows below a header: aligned. A cell is one line of plain text.
func Table(out io.Writer, header []string, rows [][]string) {
	w := tabwriter.NewWriter(out, 0, 4, 3, ' ', 0)
	TSV(w, header, rows)
	_ = w.Flush() // a closed pipe ends the program by itself
}

// TSV prints rows below a header, for programs: cells are separated by tabs, and hold none.
func TSV(out io.Writer, header []string, rows [][]string) {
	writeRow(out, header)
	for _, r := range rows {
		writeRow(out, r)
	}
}

func writeRow(w io.Writer, cells []string) {
	line := make([]string, len(cells))
	for i, c := range cells {
		line[i] = plain.Line(c)
	}
	fmt.Fprintln(w, strings.Join(line, "\t"))
}
