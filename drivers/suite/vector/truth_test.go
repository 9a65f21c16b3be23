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
		got := &truth{data: data, queries: queries, k: k, measure: distanceIn(space)}
		if err := findTruth(context.Background(), got, func(int) {}); err != nil {
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
			if want := all[k-1].d; math.Abs(got.nearest[q][k-1]-want) > 1e-4*(1+math.Abs(want)) {
				t.Fatalf("query %d: the %d-th of %d is %v away, want %v", q, k, rows, got.nearest[q][k-1], want)
			}
			var nearest []int
			for _, n := range all[:k] {
				nearest = append(nearest, n.row)
			}
			if r := got.recall(q, nearest, matrix{}, 0); r != 1 {
				t.Fatalf("the true neighbours have recall %v", r)
			}
			if r := got.recall(q, nearest[:k-1], matrix{}, 0); r >= 1 {
				t.Fatalf("one neighbour fewer has recall %v", r)
			}
		}
	})
}

func TestRecall(t *testing.T) {
	// Points on a line at 1, 2, 2, 3, 10; the query is at 0, so the two nearest are 1 and either of the twins at 2.
	data := matrix{dim: 1, data: []float32{1, 2, 2, 3, 10}}
	truth := &truth{data: data, queries: matrix{dim: 1, data: []float32{0}}, k: 2, measure: distanceIn("l2")}
	if err := findTruth(t.Context(), truth, func(int) {}); err != nil {
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
		"the right ones late":   {[]int{3, 4, 0, 1}, 0},
		"a row that is not one": {[]int{-1, 99}, 0},
	} {
		if got := truth.recall(0, test.found, matrix{}, 0); got != test.want {
			t.Errorf("%s: recall %v, want %v", name, got, test.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := findTruth(ctx, truth, func(int) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("an interrupted search gave %v", err)
	}
}

// Rounding is forgiven in proportion: the third of three neighbours is not among the two nearest, however small or large
// the numbers are, and a distance in which large numbers cancel can be off.
func TestRounding(t *testing.T) {
	for _, test := range []struct {
		space             string
		query, far        []float32
		nearest, alsoNear []float32
	}{
		{"l2", []float32{0, 0}, []float32{3e-5, 0}, []float32{1e-5, 0}, []float32{1e-5, 1e-9}},
		{"l2", []float32{0, 0}, []float32{3e6, 0}, []float32{1e6, 0}, []float32{1e6, 1}},
		{"cosine", []float32{1, 0}, []float32{0, 1}, []float32{2, 0}, []float32{5, 1e-4}},
		{"ip", []float32{1000, 1000}, []float32{-1, 1}, []float32{1, 1}, []float32{1, 0.9999999}},
		{"ip", []float32{1e4, 1e4}, []float32{0, 0}, []float32{1e4, -9999.9999}, []float32{9999.999, -9999.999}},
	} {
		data := matrix{2, slices.Concat(test.nearest, test.alsoNear, test.far)}
		truth := &truth{data: data, queries: matrix{2, test.query}, k: 1, measure: distanceIn(test.space)}
		if err := findTruth(t.Context(), truth, func(int) {}); err != nil {
			t.Fatal(err)
		}
		for row, want := range []float64{1, 1, 0} {
			if got := truth.recall(0, []int{row}, matrix{}, 0); got != want && (row < 2 || test.far[0] != 0 || test.far[1] != 0) {
				t.Errorf("%s, query %v: row %v has recall %v", test.space, test.query, data.row(row), got)
			}
		}
	}
}

// A query must find what was stored before it, and can find what came later.
func TestRecallDuringWrites(t *testing.T) {
	truth := &truth{data: matrix{1, []float32{1, 2, 10}}, queries: matrix{1, []float32{0}}, k: 2, measure: distanceIn("l2")}
	if err := findTruth(t.Context(), truth, func(int) {}); err != nil {
		t.Fatal(err)
	}
	added := matrix{1, []float32{1.5, 0.5}} // rows 3 and 4
	for name, test := range map[string]struct {
		before int
		found  []int
		want   float64
	}{
		"nothing was added":       {0, []int{0, 1}, 1},
		"one was, and is missing": {1, []int{0, 1}, 0.5},
		"one was, and is found":   {1, []int{0, 3}, 1},
		"a later one is found":    {1, []int{0, 4}, 1},
		"both were":               {2, []int{0, 3}, 0.5},
		"both are found":          {2, []int{0, 4}, 1},
		"one that never was":      {2, []int{0, 5}, 0.5},
	} {
		if got := truth.recall(0, test.found, added, test.before); got != test.want {
			t.Errorf("%s: recall %v, want %v", name, got, test.want)
		}
	}
}

// A filter's truth holds only what it lets through.
func TestFilteredTruth(t *testing.T) {
	data, queries := clustered(1, 5000, 5, 8)
	truth := &truth{data: data, queries: queries, k: 3, measure: distanceIn("l2"), below: 100}
	if err := findTruth(t.Context(), truth, func(int) {}); err != nil {
		t.Fatal(err)
	}
	inside := 0
	for row := range data.rows() {
		if truth.counts(row) {
			inside++
		}
	}
	if inside < 400 || inside > 600 { // a tenth
		t.Errorf("%d of 5000 rows are in a tenth of the buckets", inside)
	}
	for row := range data.rows() {
		if !truth.counts(row) {
			if r := truth.recall(0, []int{row}, matrix{}, 0); r != 0 {
				t.Fatalf("row %d is outside and counts", row)
			}
		}
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
		t.nearest = nil
		if err := findTruth(b.Context(), t, func(int) {}); err != nil {
			b.Fatal(err)
		}
	}
}
