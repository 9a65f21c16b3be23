package text

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"assay/reconciler/plain"
)

// Table prints rows below a header: aligned on a terminal, tab-separated otherwise. A cell is one line of plain text.
func Table(out io.Writer, header []string, rows [][]string) {
	w, flush := out, func() error { return nil }
	if IsTerminal(out) {
		tw := tabwriter.NewWriter(out, 0, 4, 3, ' ', 0)
		w, flush = tw, tw.Flush
	}
	writeRow(w, header)
	for _, r := range rows {
		writeRow(w, r)
	}
	_ = flush() // a closed pipe ends the program by itself
}

func writeRow(w io.Writer, cells []string) {
	line := make([]string, len(cells))
	for i, c := range cells {
		line[i] = plain.Line(c)
	}
	fmt.Fprintln(w, strings.Join(line, "\t"))
}
