package series

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"assay/api/v1alpha1"
)

func TestSamples(t *testing.T) {
	for p, want := range map[float64]int{50: 11, 90: 64, 95: 130, 99: 662, 99.9: 6636} {
		if got := v1alpha1.SamplesFor(p); got != want {
			t.Errorf("p%g needs %d, want %d", p, got, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	independent, one := each(normal)(r, 1000)
	many := slices.Repeat([]float64{64}, 1000)
	waves, states := queue(1, 0.8, 2000)(r, 1000)
	heavy := slices.Clone(independent)
	heavy[500] = 1000
	for name, c := range map[string]struct {
		values, inFlight []float64
		p                float64 // 0: the mean
		want             error
		text             string
	}{
		"short":               {independent[:199], one[:199], 50, ErrTooFew, "199, and 200 are needed"},
		"short for a tail":    {independent[:600], one[:600], 99, ErrTooFew, "600, and 662 are needed"},
		"many in flight":      {independent, many, 50, ErrTooFew, "send 1920"},
		"a queue":             {waves, states, 50, ErrDependent, "times as many"},
		"one value":           {heavy, one, 0, ErrHeavy, "read the median"},
		"one value, a median": {heavy, one, 50, nil, ""},
		"all the same":        {many, one, 99, nil, ""},
	} {
		s := New(c.values, c.inFlight, 99)
		i, err := s.Percentile(max(c.p, 50))
		if c.p == 0 {
			i, err = s.Mean()
		}
		if !errors.Is(err, c.want) || err != nil && !strings.Contains(err.Error(), c.text) || err == nil && i.Lo > i.Hi {
			t.Errorf("%s: %+v, %v", name, i, err)
		}
	}
}

// TestScale: intervals of percentiles follow any monotone scale.
func TestScale(t *testing.T) {
	x, one := autoregressive(0.5)(rand.New(rand.NewPCG(1, 2)), 5000)
	cubed := slices.Clone(x)
	for i := range cubed {
		cubed[i] = x[i] * x[i] * x[i]
	}
	a, err := New(x, one, 90).Percentile(90)
	b, err2 := New(cubed, one, 90).Percentile(90)
	if err != nil || err2 != nil || a.Lo*a.Lo*a.Lo != b.Lo || a.Hi*a.Hi*a.Hi != b.Hi {
		t.Errorf("%v %v, %v %v", a, err, b, err2)
	}
}

func TestRise(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	line, flat := make([]float64, 100), make([]float64, 100)
	for i := range line {
		line[i], flat[i] = float64(i)+5*r.NormFloat64(), 5*r.NormFloat64()
	}
	if rise, sure := Rise(line); !sure || rise < 80 || rise > 120 {
		t.Errorf("a line rises by %v, %v", rise, sure)
	}
	if rise, sure := Rise(flat); sure {
		t.Errorf("noise rises by %v", rise)
	}
	slices.Reverse(line)
	if rise, sure := Rise(line); sure || rise > -80 {
		t.Errorf("a fall rises by %v, %v", rise, sure)
	}
	if _, sure := Rise(line[:TrendSamples-1]); sure {
		t.Error("of too few")
	}
}

// TestWarmUp: values that settle are cut where they have; others hardly.
func TestWarmUp(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	x := make([]float64, 500)
	for i := range x {
		x[i] = r.NormFloat64()
		if i < 100 {
			x[i] += 20
		}
	}
	if cut := WarmUp(x); cut < 95 || cut > 200 {
		t.Errorf("cut at %d", cut)
	}
	if WarmUp(x[:19]) != 0 || WarmUp(nil) != 0 {
		t.Error("a cut of too few")
	}
}
