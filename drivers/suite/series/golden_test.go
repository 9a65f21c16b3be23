package series

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden file anew")

// TestGolden: the intervals of random series, to nine digits: not every processor rounds the last ones alike. How they are computed may change, what comes out may not.
func TestGolden(t *testing.T) {
	var out strings.Builder
	show := func(name string, i Interval, err error) {
		if err != nil {
			fmt.Fprintf(&out, " %s %q", name, err)
			return
		}
		fmt.Fprintf(&out, " %s %.9g %.9g", name, i.Lo, i.Hi)
	}
	for k, s := range sources {
		for _, n := range []int{150, 700, 1003, 7001, 20_011} {
			values, inFlight := s.series(rand.New(rand.NewPCG(uint64(k), uint64(n))), n)
			fmt.Fprintf(&out, "%s %d:", s.name, n)
			of := New(values, inFlight, tails...)
			for _, p := range append([]float64{50}, tails...) {
				i, err := of.Percentile(p)
				show(fmt.Sprint("p", p), i, err)
			}
			i, err := of.Mean()
			show("mean", i, err)
			fmt.Fprintln(&out)
		}
	}
	golden := filepath.Join("testdata", "intervals.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(out.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || out.String() != string(want) {
		t.Errorf("%v; it is now\n%s", err, out.String())
	}
}

var tails = []float64{90, 95, 99, 99.9}
