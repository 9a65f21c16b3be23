package selfwatch

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"assay/drivers"
	"assay/drivers/suite"
)

func words(list []drivers.Reason) (out []string) {
	for _, r := range list {
		out = append(out, r.Reason)
	}
	return out
}

// quiet is a window of ten seconds in which a client used a third of its CPU and nobody disturbed it.
func quiet(change func(*Report)) Report {
	r := Report{Wall: 10 * time.Second, Allowed: 2, Lanes: 1, CPUs: 1, Own: 3 * time.Second, Waited: 100 * time.Millisecond, Turns: 20000}
	for range 2000 {
		r.Late.Add(50 * time.Microsecond)
	}
	if change != nil {
		change(&r)
	}
	return r
}

// Every kind of starvation has its word: as the fault where the numbers are touched, and, but for other programs, which
// are everywhere, as a note where they are not.
func TestCauses(t *testing.T) {
	stall := func(r *Report) {
		for range 10 {
			r.Late.Late(200*time.Millisecond, Tick)
		}
	}
	for name, test := range map[string]struct {
		change func(*Report)
		word   string
		note   bool
	}{
		"nothing":          {nil, suite.ReasonClientLate, false},
		"quota":            {func(r *Report) { r.Throttled = time.Second }, suite.ReasonClientThrottled, true},
		"hypervisor":       {func(r *Report) { r.Stolen = 2 * time.Second }, suite.ReasonClientStolen, true},
		"swap":             {func(r *Report) { r.Faults = 5000 }, suite.ReasonClientSwapped, true},
		"other programs":   {func(r *Report) { r.Waited = 3 * time.Second; stall(r) }, suite.ReasonClientCrowded, true},
		"stopped":          {stall, suite.ReasonClientStalled, true},
		"quota and stalls": {func(r *Report) { r.Throttled = 5 * time.Second; stall(r) }, suite.ReasonClientThrottled, true},
	} {
		r := quiet(test.change)
		faults, _ := Judge([]Report{quiet(nil), r}, Effect{Bar: 6, Resolves: Resolves(20), What: "sending"})
		if got := words(faults); !slices.Equal(got, []string{test.word}) {
			t.Errorf("%s: the faults are %v, want %s", name, faults, test.word)
		}
		faults, notes := Judge([]Report{r}, Effect{Bar: 4, Resolves: Resolves(20)})
		if len(faults) > 0 || slices.Contains(words(notes), test.word) != test.note {
			t.Errorf("%s, without an effect: faults %v, notes %v, want a note: %v", name, faults, notes, test.note)
		}
	}
}

// The CPUs that a client can have are what its threads, its affinity and its quota leave.
func TestBusy(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Report)
		want   []string
	}{
		"one core used up":       {func(r *Report) { r.Own = 95 * time.Second / 10 }, []string{suite.ReasonClientBusy}},
		"a quota used up":        {func(r *Report) { r.CPUs = 0.3 }, []string{suite.ReasonClientBusy}},
		"a third of two":         {func(r *Report) { r.Lanes, r.CPUs = 2, 2 }, nil},
		"hogs leave it a third":  {func(r *Report) { r.Waited = 65 * time.Second / 10 }, []string{suite.ReasonClientCrowded}},
		"a window of a moment":   {func(r *Report) { r.Wall, r.Own, r.Waited = time.Second/10, time.Second, 0 }, nil},
		"slots that stay empty":  {nil, []string{suite.ReasonClientLate}},
		"slots, and other hands": {func(r *Report) { r.Waited = 3 * time.Second }, []string{suite.ReasonClientCrowded}},
	} {
		lost := 0.0
		if name[:5] == "slots" {
			lost = 0.2
		}
		faults, _ := Judge([]Report{quiet(test.change)}, Effect{Resolves: 5, Lost: lost})
		if !slices.Equal(words(faults), test.want) {
			t.Errorf("%s: %v, want %v", name, faults, test.want)
		}
	}
}

// A stall counts for all the time that it lasts, and not once.
func TestLate(t *testing.T) {
	var h Histogram
	for range 50 {
		h.Late(0, Tick)
		h.Late(200*time.Millisecond, Tick)
	}
	if got := h.Above(20 * time.Millisecond); got < 0.8 {
		t.Errorf("a client that is stopped for 200 of every 205 ms is late at %.0f %% of all moments", 100*got)
	}
	if q := h.Quantile(0.99); q < 190*time.Millisecond || q > 200*time.Millisecond || h.Max != 200*time.Millisecond {
		t.Errorf("p99 %v, max %v", q, h.Max)
	}
}

// What comes of merging is what one histogram would have counted, to the last one; and no duration is further than a
// sixteenth from what is said of it.
func TestHistogramsMergeExactly(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var one Histogram
	parts := make([]Histogram, 7)
	var all []time.Duration
	for i := range 20000 {
		d := time.Duration(r.ExpFloat64() * float64(time.Millisecond) * float64(1+i%100))
		all = append(all, d)
		one.Add(d)
		parts[i%len(parts)].Add(d)
	}
	var merged Histogram
	for _, p := range parts {
		merged.Merge(p)
	}
	if !maps.Equal(merged.Counts, one.Counts) || merged.Total != one.Total || merged.Max != one.Max {
		t.Error("the sum of the parts is not the whole")
	}
	slices.Sort(all)
	for _, q := range []float64{0, 0.5, 0.9, 0.99, 0.999, 1} {
		want := all[min(len(all)-1, int(q*float64(len(all))))]
		if got := merged.Quantile(q); got < want || float64(got-want) > float64(want)/16+1 {
			t.Errorf("the %g quantile is %v, want %v", q, got, want)
		}
	}
}

// TestCounting: a client with stall clocks of its own is not given another thread to share its CPU with.
func TestCounting(t *testing.T) {
	w := StartCounting(1)
	time.Sleep(4 * Tick)
	if r := w.Stop(); r.Late.Total != 0 || r.Wall < 4*Tick || r.Own == 0 && r.CPUs == 0 {
		t.Errorf("%+v", r)
	}
}
