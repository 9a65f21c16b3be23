//go:build linux

package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// print writes one line of the table and reports whether the target was met: as it is or, on a slower machine, by the ratio
// to the plain client.
func (f figure) print(w io.Writer, scenario string, engines []string, got map[string][]*measured) bool {
	value := map[string]float64{}
	for _, e := range engines {
		var v []float64
		for _, m := range got[e] {
			v = append(v, f.of(m))
		}
		value[e] = percentile(v, 50)
	}
	ours, plain := value["assay"], value["plain"]
	met, target := true, "-"
	if f.target != none {
		target = "≤ " + format(f.target, f.unit)
		met = ours <= f.target
		if f.more {
			target, met = "≥ "+format(f.target, f.unit), ours >= f.target
		}
	}
	mark := ""
	if ratio := better(ours, plain, f.more); !met {
		mark = " (missed)"
		if wanted := f.ratio(); wanted != none && ratio >= wanted {
			mark, met = fmt.Sprintf(" (by ratio: %.1f ≥ %.1f)", ratio, wanted), true
		}
	}
	fmt.Fprintf(w, "%s\t%s\t%s\t%s%s", scenario, f.name, target, format(ours, f.unit), mark)
	for _, e := range engines[1:] {
		ratio := "-"
		if ours != 0 && !math.IsNaN(value[e]) {
			ratio = fmt.Sprintf("%.2f", value[e]/ours)
		}
		fmt.Fprintf(w, "\t%s\t%s", format(value[e], f.unit), ratio)
	}
	fmt.Fprintln(w)
	return met
}

// better is how many times better ours is than other.
func better(ours, other float64, more bool) float64 {
	if more {
		return ours / other
	}
	return other / ours
}

func format(v float64, unit string) string {
	if math.IsNaN(v) {
		return "-"
	}
	text := strconv.FormatFloat(v, 'f', 3, 64)
	if math.Abs(v) >= 100 || v == math.Trunc(v) {
		text = strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strings.TrimSpace(text + " " + unit)
}
