package plan

// wantedRun is one repeat of one benchmark at one point, on its target as declared now.
type wantedRun struct {
	*Benchmark
	repeat int
	key    string
	// configuration is the same for all repeats, and for experiments of other names.
	configuration string
	point         int // index
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
}

// Prepare works out what every pass needs to know of the runs that an experiment wants.
func (e *Experiment) Prepare() { e.Wanted = indexWants(e.wanted()) }

func (e Experiment) wantedRuns() *Wanted {
	if e.Wanted != nil {
		return e.Wanted
	}
	return indexWants(e.wanted())
}

// wanted are all runs of an experiment: point by point, in each as the manifest orders them.
func (e Experiment) wanted() []wantedRun {
	var out []wantedRun
	for at, p := range e.points() {
		p := p.index()
		for i := range p.Benchmarks {
			b := &p.Benchmarks[i]
			target := p.service[b.Target]
			if target == nil {
				continue
			}
			words, params := p.configuration(b, target), p.params(b)
			configuration := digest(words...)
			if b.Search != nil {
				out = append(out, e.searchFor(wantedRun{Benchmark: b, configuration: configuration, point: at, params: params, first: true}, p.Params, words))
				continue
			}
			for repeat := 1; repeat <= b.Repeats; repeat++ {
				out = append(out, wantedRun{Benchmark: b, repeat: repeat, key: runKey(e, *b, repeat, words, p.Params), configuration: configuration, point: at, params: params})
			}
		}
	}
	return out
}

// indexWants finds the want of each key, the wants of each benchmark, and those that start together.
func indexWants(wants []wantedRun) *Wanted {
	x := &Wanted{wants, make(map[string]int, len(wants)), map[string][]int{}, map[setKey][]int{}}
	for i := range wants {
		want := &wants[i]
		x.wantOf[want.key] = i
		x.wantsOf[want.Name] = append(x.wantsOf[want.Name], i)
		if want.Together != "" {
			x.sets[want.set()] = append(x.sets[want.set()], i)
		}
	}
	return x
}
