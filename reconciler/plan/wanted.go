package plan

import (
	"cmp"
	"slices"
)

// wantedRun is one repeat of one benchmark at one point, on its target as declared now.
type wantedRun struct {
	*Benchmark
	repeat     int
	deployment int   // of its target, from 1
	seed       int64 // added to the benchmark's; the same for the same run of every deployment
	key        string
	// configuration is the same for all repeats, and for experiments of other names.
	configuration string
	point         int // index
	block         int // of points that serve the same: their deployments are those of one server
	params        map[string]string
	search        *searching // nil: it is no run of a search
	load          float64    // of a search
	first         bool       // of a search: what the others are made from
}

// Wanted are the runs that an experiment wants, indexed. They follow from the revision alone and never change.
type Wanted struct {
	wants   []wantedRun      // point by point, in each as the manifest orders them
	wantOf  map[string]int   // key -> its want
	wantsOf map[string][]int // benchmark -> its wants
	sets    map[setKey][]int // wants that start together
	deploys bool             // a target is deployed again
	early   bool             // some may end early
}

// Prepare works out what every pass needs to know of the runs that an experiment wants.
func (e *Experiment) Prepare() { e.Wanted = indexWants(e.wanted()) }

func (e Experiment) wantedRuns() *Wanted {
	if e.Wanted != nil {
		return e.Wanted
	}
	return indexWants(e.wanted())
}

// wanted are all runs of an experiment: point by point, in each as the manifest orders them. Points that serve the same are
// measured deployment by deployment, so that servers start as seldom as possible.
func (e Experiment) wanted() []wantedRun {
	var out []wantedRun
	block, again := 0, false
	points := e.points()
	for at, p := range points {
		if at > 0 && !servesAs(points[at-1], p) {
			block++
		}
		p := p.index()
		for i := range p.Benchmarks {
			b := &p.Benchmarks[i]
			again = again || b.Design.Deployments > 1
			for _, want := range p.runsOf(e, b) {
				want.point, want.block = at, block
				out = append(out, want)
			}
		}
	}
	if again {
		slices.SortStableFunc(out, func(a, b wantedRun) int {
			return cmp.Or(a.block-b.block, a.deployment-b.deployment, a.point-b.point)
		})
	}
	return out
}

// servesAs reports whether two points serve the same.
func servesAs(a, b Point) bool {
	return slices.EqualFunc(a.Services, b.Services, func(x, y Service) bool { return x.Name == y.Name && x.Alloc == y.Alloc && x.Proc == y.Proc })
}

// runsOf are the runs of a benchmark at a point. Two targets take turns: A B, then B A, so that neither is always first.
func (p indexedPoint) runsOf(e Experiment, b *Benchmark) (out []wantedRun) {
	if b.Search != nil {
		return p.searchOf(e, b)
	}
	sides := []*Benchmark{b}
	if b.Other != "" {
		other := *b
		other.Target = b.Other
		sides = append(sides, &other)
	}
	var firsts []wantedRun
	for _, side := range sides {
		target := p.service[side.Target]
		if target == nil {
			continue
		}
		words, params := p.configuration(side, target), p.params(side)
		firsts = append(firsts, wantedRun{Benchmark: side, key: "", configuration: digest(words...), params: params})
	}
	for repeat := 1; repeat <= b.Repeats; repeat++ {
		deployment, run := 1, repeat-1
		if b.Design.Deployments > 1 {
			deployment, run = (repeat-1)/b.Design.Runs+1, (repeat-1)%b.Design.Runs
		}
		for k := range firsts {
			want := firsts[k]
			if run%2 == 1 {
				want = firsts[len(firsts)-1-k]
			}
			want.repeat, want.deployment, want.seed = repeat, deployment, int64(run)
			want.key = runKey(e, *b, repeat, p.configuration(want.Benchmark, p.service[want.Target]), p.Params)
			out = append(out, want)
		}
	}
	return out
}

// indexWants finds the want of each key, the wants of each benchmark, and those that start together.
func indexWants(wants []wantedRun) *Wanted {
	x := &Wanted{wants: wants, wantOf: make(map[string]int, len(wants)), wantsOf: map[string][]int{}, sets: map[setKey][]int{}}
	for i := range wants {
		want := &wants[i]
		x.deploys, x.early = x.deploys || want.Design.Deployments > 1, x.early || want.Design.Early
		x.wantOf[want.key] = i
		x.wantsOf[want.Name] = append(x.wantsOf[want.Name], i)
		if want.Together != "" {
			x.sets[want.set()] = append(x.sets[want.set()], i)
		}
	}
	return x
}

// decides are the metrics by which a run may end the repeats of its benchmark.
func (want *wantedRun) decides() (out []string) {
	for _, b := range want.Decides {
		if want.Design.Early && !slices.Contains(out, b.Metric) {
			out = append(out, b.Metric)
		}
	}
	return out
}
