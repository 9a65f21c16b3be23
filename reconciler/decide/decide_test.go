package decide

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// most is how many of some trials may go wrong: 5 %, and three standard errors of the count.
func most(trials int) int {
	n := float64(trials)
	return int(n*Alpha + 3*math.Sqrt(n*Alpha*(1-Alpha)))
}

// spoil makes 5 % of the runs twice as large.
func spoil(r *rand.Rand, runs []Run) []Run {
	for _, run := range runs {
		if r.Float64() < 0.05 {
			for m := range run.Metrics {
				run.Metrics[m] *= 2
			}
		}
	}
	return runs
}

// TestFalseAlarms: equal things, 2 % apart between deployments and 2 % within, are called different in at most 5 % of
// comparisons, with outliers and without; and looking after every run does not change that.
func TestFalseAlarms(t *testing.T) {
	const trials = 1000
	r := rand.New(rand.NewPCG(1, 2))
	for _, runs := range []int{5, 10} {
		for _, deployments := range []int{3, 6} {
			for _, early := range []bool{false, true} {
				for _, outliers := range []bool{false, true} {
					d, wrong := Design{runs, deployments, early}, 0
					for range trials {
						a, b := Spread{0.02, 0.02}.measure(r, d, 1), Spread{0.02, 0.02}.measure(r, d, 1)
						if outliers {
							a, b = spoil(r, a), spoil(r, b)
						}
						if d.Differ(a, b, metric) {
							wrong++
						}
					}
					t.Logf("%+v, outliers %t: %.1f %% false alarms", d, outliers, 100*float64(wrong)/trials)
					if wrong > most(trials) {
						t.Errorf("%+v, outliers %t: %d of %d comparisons of equal things call a difference", d, outliers, wrong, trials)
					}
				}
			}
		}
	}
}

// TestFalseAlarmsOfOneDeployment: within one deployment runs are what varies. Sides of unequal size count alike.
func TestFalseAlarmsOfOneDeployment(t *testing.T) {
	const trials = 1000
	r := rand.New(rand.NewPCG(3, 4))
	for _, n := range [][2]int{{3, 3}, {4, 4}, {5, 5}, {10, 10}, {20, 20}, {3, 8}, {5, 20}} {
		for _, outliers := range []bool{false, true} {
			for _, paired := range []bool{false, true} {
				wrong := 0
				for range trials {
					a, b := Spread{0.02, 0}.measure(r, Design{Runs: n[0]}, 1), Spread{0.02, 0}.measure(r, Design{Runs: n[1]}, 1)
					for i := range b {
						if !paired {
							b[i].Seed += 100
						}
					}
					if outliers {
						a, b = spoil(r, a), spoil(r, b)
					}
					if Test(a, b, []string{metric}, paired).P[metric] < Alpha {
						wrong++
					}
				}
				t.Logf("%v runs, outliers %t, paired %t: %.1f %%", n, outliers, paired, 100*float64(wrong)/trials)
				if wrong > most(trials) {
					t.Errorf("%v runs, outliers %t, paired %t: %d of %d", n, outliers, paired, wrong, trials)
				}
			}
		}
	}
}

// TestLookingEarly: one deployment, looked at after every run.
func TestLookingEarly(t *testing.T) {
	const trials = 1000
	r := rand.New(rand.NewPCG(5, 6))
	for _, runs := range []int{4, 10, 30} {
		wrong, naive := 0, 0
		d := Design{Runs: runs, Early: true}
		for range trials {
			a, b := Spread{0.02, 0}.measure(r, d, 1), Spread{0.02, 0}.measure(r, d, 1)
			if d.Differ(a, b, metric) {
				wrong++
			}
			for n := 2; n <= runs; n++ {
				if Test(a[:n], b[:n], []string{metric}, false).P[metric] < Alpha {
					naive++
					break
				}
			}
		}
		t.Logf("at most %d runs: %.1f %% wrong, without paying for the looks %.1f %%", runs, 100*float64(wrong)/trials, 100*float64(naive)/trials)
		if wrong > most(trials) {
			t.Errorf("at most %d runs: %d of %d", runs, wrong, trials)
		}
	}
}

func TestSpending(t *testing.T) {
	for _, d := range []Design{{Runs: 1, Early: true}, {Runs: 3, Early: true}, {Runs: 20, Early: true}, {5, 3, true}, {5, 10, true}, {5, 2, true}} {
		sum, looks := 0.0, 0
		for n := 1; n <= d.Total(); n++ {
			if alpha, due := d.Look(n); due {
				sum, looks = sum+alpha, looks+1
			}
		}
		if sum > Alpha+1e-12 || sum < Alpha-1e-12 {
			t.Errorf("%+v spends %v in %d looks", d, sum, looks)
		}
		if _, due := d.Look(d.Total()); !due {
			t.Errorf("%+v has no look at its end", d)
		}
	}
}

// TestBoundsUnderOutliers: 5 % of the runs are twice as slow, and the typical run lies exactly at the bound. Whatever is
// bounded, from above or below, hardly ever passes.
func TestBoundsUnderOutliers(t *testing.T) {
	const trials = 800
	r := rand.New(rand.NewPCG(7, 8))
	for _, within := range []float64{0.02, 0.2} {
		for _, d := range []Design{{3, 1, false}, {5, 1, false}, {20, 1, false}, {10, 1, true}, {5, 3, false}, {5, 6, true}} {
			for _, sign := range []float64{1, -1} {
				between, passed := 0.0, 0
				if d.Deployments > 1 {
					between = 0.02
				}
				limit := typicalOf(within, between, d)
				for range trials {
					runs := spoil(r, Spread{within, between}.measure(r, d, 1))
					for n := 1; n <= len(runs); n++ {
						alpha, due := d.Look(n)
						if due && (d.Early || n == len(runs)) {
							if side := Typical(runs[:n], metric, alpha).Against(limit, sign); side != Open {
								if side == Within {
									passed++
								}
								break
							}
						}
					}
				}
				if passed > most(trials) {
					t.Errorf("sd %v, %+v, sign %v: %d of %d pass", within, d, sign, passed, trials)
				}
				t.Logf("sd %v, %+v, sign %v: %.1f %% pass", within, d, sign, 100*float64(passed)/trials)
			}
		}
	}
}

// typicalOf is the median of what is measured when 5 % of the runs are twice as large.
func typicalOf(within, between float64, d Design) float64 {
	r := rand.New(rand.NewPCG(9, 9))
	var all []float64
	if d.Deployments > 1 { // a deployment counts by its median
		for range 20000 {
			all = append(all, median(values(spoil(r, Spread{within, between}.measure(r, Design{Runs: d.Runs}, 1)), metric)))
		}
		return median(all)
	}
	for _, run := range spoil(r, Spread{within, between}.measure(r, Design{Runs: 100000}, 1)) {
		all = append(all, run.Metrics[metric])
	}
	return median(all)
}

// TestOneBadMetricIsCalled: four runs a side of one deployment, ten metrics of which one has fallen by 16 %.
func TestOneBadMetricIsCalled(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	side := func(throughput ...float64) (out []Run) {
		for _, v := range throughput {
			run := Run{Metrics: map[string]float64{"throughput": v}}
			luck := r.NormFloat64()
			for i := range 9 {
				run.Metrics[fmt.Sprint("other", i)] = 100 * math.Exp(0.05*(luck+r.NormFloat64()))
			}
			out = append(out, run)
		}
		return out
	}
	names := []string{"throughput"}
	for i := range 9 {
		names = append(names, fmt.Sprint("other", i))
	}
	found, wrong := 0, 0
	for range 100 {
		f := Test(side(1464, 1470, 1459, 1466), side(1234, 1240, 1229, 1236), names, false)
		if f.Family["throughput"] < Alpha {
			found++
		}
		for _, m := range names[1:] {
			if f.Family[m] < Alpha {
				wrong++
				break
			}
		}
	}
	if found < 99 || wrong > 12 {
		t.Errorf("found in %d of 100, another one called in %d", found, wrong)
	}
}

// related are runs of one deployment with so many metrics that share the luck of their run; each run lacks some of the last ones.
func related(r *rand.Rand, runs, metrics, lacking int) (out []Run) {
	for k := range runs {
		luck, m := r.NormFloat64(), map[string]float64{}
		for i := range metrics {
			if v := 100 * math.Exp(0.05*(luck*float64(1-2*(i%2))+r.NormFloat64())); i < metrics-lacking || k > 0 {
				m[fmt.Sprint(i)] = v
			}
		}
		out = append(out, Run{Metrics: m})
	}
	return out
}

// TestManyMetricsOfEqualThings: of comparisons of equal things by many metrics, at most 5 % call any. Of so many metrics some run
// seems to lie far apart in most comparisons, by chance.
func TestManyMetricsOfEqualThings(t *testing.T) {
	const trials = 1000
	r := rand.New(rand.NewPCG(15, 16))
	for _, c := range []struct{ runs, metrics, lacking int }{{4, 38, 0}, {5, 40, 0}, {5, 20, 19}} {
		var names []string
		for i := range c.metrics {
			names = append(names, fmt.Sprint(i))
		}
		wrong, far := 0, 0
		for range trials {
			f := Test(related(r, c.runs, c.metrics, c.lacking), related(r, c.runs, c.metrics, c.lacking), names, false)
			if f.Least < Alpha {
				wrong++
			}
			if f.Apart > 0 {
				far++
			}
		}
		t.Logf("%+v: %.1f %%; in %.0f %% a run lies far apart", c, 100*float64(wrong)/trials, 100*float64(far)/trials)
		if wrong > most(trials) {
			t.Errorf("%+v: %d of %d comparisons of equal things call a difference", c, wrong, trials)
		}
	}
}

// TestAnOutlierAmongManyMetrics: one of five runs is twice as large in all of 20 metrics, and all differ by 20 %.
func TestAnOutlierAmongManyMetrics(t *testing.T) {
	const trials = 200
	r := rand.New(rand.NewPCG(17, 18))
	var names []string
	for i := range 20 {
		names = append(names, fmt.Sprint(i))
	}
	found := 0
	for range trials {
		a, b := related(r, 5, 20, 0), related(r, 5, 20, 0)
		for _, m := range names {
			for k := range b {
				a[k].Metrics[m] = math.Pow(a[k].Metrics[m], 0.2) // noise of 1.4 %
				b[k].Metrics[m] = 1.2 * math.Pow(b[k].Metrics[m], 0.2)
			}
			a[2].Metrics[m] *= 2
		}
		if f := Test(a, b, names, false); f.Family["0"] < Alpha {
			found++
		}
	}
	t.Logf("found in %d of %d", found, trials)
	if found < trials*8/10 {
		t.Errorf("found in %d of %d", found, trials)
	}
}

// TestPower: what `assay explain power` prints is what the test does.
func TestPower(t *testing.T) {
	for _, c := range []struct {
		d        Design
		from, to float64
	}{{Design{5, 3, false}, 0.3, 0.6}, {Design{5, 6, false}, 0.8, 1}, {Design{5, 10, true}, 0.9, 1}} {
		found, wrong := Power(c.d, Spread{0.02, 0.02}, 0.05, 1000)
		t.Logf("%+v: 5 %% is found in %.0f %%, equal things differ in %.1f %%", c.d, 100*found, 100*wrong)
		if found < c.from || found > c.to || wrong > 0.067 {
			t.Errorf("%+v: found %v, wrong %v", c.d, found, wrong)
		}
	}
}

func TestWithoutNoise(t *testing.T) {
	if p := Test(Of("n", 5, 5, 5), Of("n", 6, 6, 6), []string{"n"}, false).Family["n"]; p > 0.01 {
		t.Errorf("counts that differ: %v", p)
	}
	if p := Test(Of("n", 5, 5, 5), Of("n", 5, 5, 5), []string{"n"}, false).Family["n"]; p != 1 {
		t.Errorf("equal counts: %v", p)
	}
	if f := Test(Of("n", 5), Of("n", 6), []string{"n"}, false); len(f.Family) != 0 || f.Least != 1 {
		t.Errorf("one run a side: %+v", f)
	}
	if iv := Typical(Of("n", 0, 0, 0), "n", Alpha); iv.Lo != 0 || iv.Hi != 0 {
		t.Errorf("%+v", iv)
	}
	if c := Change(Of("n", 100, 100, 100), Of("n", 90, 90, 90), "n", false, Alpha); math.Abs(c.Center+0.1) > 1e-9 || c.Lo != c.Hi {
		t.Errorf("%+v", c)
	}
}
