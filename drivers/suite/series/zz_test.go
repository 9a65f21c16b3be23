package series

import (
	"fmt"
	"testing"
)

func TestZZ(t *testing.T) {
	for _, c := range []struct{ k, n int }{{5, 10000}, {6, 10000}} {
		s := sources[c.k]
		for i, p := range []float64{50, 99} {
			if c.k == 5 && i == 1 {
				continue
			}
			g, cv := cover(s, c.n, 1500, p, s.truth[i], ours)
			fmt.Printf("%-14s %6d p%g given %3d covered %5.1f\n", s.name, c.n, p, g, 100*float64(cv)/float64(g))
		}
	}
}
