package series

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestZZ(t *testing.T) {
	for _, c := range []struct{ k, n int }{{6, 10000}, {7, 10000}, {5, 10000}, {7, 30000}} {
		s := sources[c.k]
		var at []float64
		var ts [3][]float64
		for k := range 60 {
			_, f := s.series(rand.New(rand.NewPCG(uint64(k), uint64(c.n))), c.n)
			at = append(at, dependence(f))
			for i, l := range []int{20, 100, 200} {
				ts[i] = append(ts[i], dep(f, l))
			}
		}
		slices.Sort(at)
		fmt.Printf("%-14s %6d tau_N 10%% %.0f 50%% %.0f 90%% %.0f;", s.name, c.n, at[6], at[30], at[54])
		for i := range ts {
			slices.Sort(ts[i])
			fmt.Printf("  %.0f %.0f %.0f", ts[i][6], ts[i][30], ts[i][54])
		}
		fmt.Println()
	}
}

func dep(values []float64, length int) float64 {
	mean, single := meanVariance(values)
	between, n := 0.0, 0.0
	for batch := range slices.Chunk(values, length) {
		m, _ := meanVariance(batch)
		between += (m - mean) * (m - mean)
		n++
	}
	return between / (n - 1) * float64(length) / single
}
