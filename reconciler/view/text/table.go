package text

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"golang.org/x/term"

	"assay/reconciler/plain"
)

// Terminal is a stream that may be a terminal of another machine.
type Terminal interface{ Columns() int } // its width; 0: it is none

// IsTerminal reports whether a stream is a terminal that can be redrawn.
func IsTerminal(stream any) bool {
	if s, ok := stream.(*Screen); ok {
		stream = s.out
	}
	if t, ok := stream.(Terminal); ok {
		return t.Columns() > 0
	}
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

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
