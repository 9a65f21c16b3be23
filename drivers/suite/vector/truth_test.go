package vector

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// dumbDistance is the definition, term by term, in float64.
func dumbDistance(space string, a, b []float32) float64 {
	var dot, na, nb, l2 float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		dot, na, nb, l2 = dot+x*y, na+x*x, nb+y*y, l2+(x-y)*(x-y)
	}
	switch space {
	case "cosine":
		return 1 - dot/math.Sqrt(na*nb)
	case "ip":
		return 1 - dot
	}
	return l2
}

// The truth is that of a twin which sorts all distances.
func TestTruthAgainstDumbTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		space := rapid.SampledFrom([]string{"l2", "cosine", "ip"}).Draw(t, "space")
		rows, dim := rapid.IntRange(1, 60).Draw(t, "rows"), rapid.IntRange(1, 11).Draw(t, "dim")
		k := rapid.IntRange(1, rows).Draw(t, "k")
		data, queries := clustered(rapid.Int64().Draw(t, "seed"), rows, 3, dim)
		got, err := findTruth(context.Background(), data, queries, k, distanceIn(space), func(int) {})
		if err != nil {
			t.Fatal(err)
		}
		for q := range queries.rows() {
			type neighbour struct {
				row int
				d   float64
			}
			var all []neighbour
			for i := range rows {
				all = append(all, neighbour{i, dumbDistance(space, queries.row(q), data.row(i))})
			}
			slices.SortFunc(all, func(a, b neighbour) int {
				if a.d < b.d {
					return -1
				}
				return 1
			})
			if want := all[k-1].d; math.Abs(got.kth[q]-want) > 1e-4*(1+math.Abs(want)) {
				t.Fatalf("query %d: the %d-th of %d is %v away, want %v", q, k, rows, got.kth[q], want)
			}
			var nearest []int
			for _, n := range all[:k] {
				nearest = append(nearest, n.row)
			}
			if r := got.recall(q, nearest); r != 1 {
				t.Fatalf("the true neighbours have recall %v", r)
			}
			if r := got.recall(q, nearest[:k-1]); r >= 1 {
				t.Fatalf("one neighbour fewer has recall %v", r)
			}
		}
	})
}

func TestRecall(t *testing.T) {
	// Points on a line at 1, 2, 2, 3, 10; the query is at 0, so the two nearest are 1 and either of the twins at 2.
	data := matrix{dim: 1, data: []float32{1, 2, 2, 3, 10}}
	truth, err := findTruth(t.Context(), data, matrix{dim: 1, data: []float32{0}}, 2, distanceIn("l2"), func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		found []int
		want  float64
	}{
		"both":                  {[]int{0, 1}, 1},
		"a tie is as good":      {[]int{0, 2}, 1},
		"both twins":            {[]int{1, 2}, 1},
		"one is wrong":          {[]int{0, 3}, 0.5},
		"the same twice":        {[]int{0, 0}, 0.5},
		"a short answer":        {[]int{1}, 0.5},
		"nothing":               {nil, 0},
		"more than asked":       {[]int{0, 1, 2}, 1},
		"a row that is not one": {[]int{-1, 99}, 0},
	} {
		if got := truth.recall(0, test.found); got != test.want {
			t.Errorf("%s: recall %v, want %v", name, got, test.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := findTruth(ctx, data, data, 1, distanceIn("l2"), func(int) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("an interrupted search gave %v", err)
	}
}

func TestClustered(t *testing.T) {
	a, qa := clustered(3, 50, 10, 8)
	b, qb := clustered(3, 50, 20, 8)
	if diff := cmp.Diff(a.data, b.data); diff != "" {
		t.Errorf("the vectors depend on the number of queries:\n%s", diff)
	}
	if diff := cmp.Diff(qa.data, qb.data[:len(qa.data)]); diff != "" {
		t.Errorf("more queries are other queries:\n%s", diff)
	}
	if c, _ := clustered(4, 50, 10, 8); cmp.Equal(a.data, c.data) {
		t.Error("another seed gives the same vectors")
	}
}

func TestPack(t *testing.T) {
	if got, want := pack([]float32{1, -2.5}), "AACAPwAAIMA="; got != want { // numpy: float32 bytes, base64
		t.Errorf("got %s, want %s", got, want)
	}
}

func BenchmarkTruth(b *testing.B) {
	data, queries := clustered(1, 10000, 1, 384)
	t := &truth{data: data, queries: queries, k: 10, measure: distanceIn("l2")}
	b.SetBytes(int64(4 * len(data.data)))
	for b.Loop() {
		t.kthDistance(0, nil)
	}
}
