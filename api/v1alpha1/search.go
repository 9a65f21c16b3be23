package v1alpha1

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Search looks for the highest load of a serving or a vector benchmark that keeps an objective: loads are tried one after the other, on
// one server, until two that differ by no more than precision enclose the edge, and it is certain of both. Every run is a
// point of the curve: its point says the load. At the points of a sweep there is a search each.
type Search struct {
	Rate        *Range `json:"rate,omitempty"`        // in requests/s; exactly one of rate and concurrency
	Concurrency *Range `json:"concurrency,omitempty"` // requests in flight
	// SLO are bounds by name: ttft, tpot or e2el, of a request, and ttft_p99 and the like: so many percent of the requests have
	// to keep the bound; of a vector benchmark latency, of a query. A request that fails keeps none.
	SLO SLO `json:"slo"`
	// Goodput is the share of requests that has to keep all bounds together, such as 0.99. Without it each percentile counts
	// by itself.
	Goodput   float64 `json:"goodput,omitempty" validate:"gte=0,lte=1"`
	Precision Percent `json:"precision,omitempty" validate:"omitempty,gte=1,lte=50"` // default 5%
	// Repeats is how often one load is tried, at most; default 12. Only loads near the edge are tried more than once.
	Repeats int           `json:"repeats,omitempty" validate:"gte=0,lte=50"`
	Budget  *SearchBudget `json:"budget,omitempty"`
}

// Range is the loads that a search tries: from first, then twice as much and so on, at most to.
type Range struct {
	From float64 `json:"from" validate:"lte=1000000"`
	To   float64 `json:"to" validate:"lte=1000000"`
}

// SearchBudget ends a search with what it knows. It is of each search of a sweep by itself.
type SearchBudget struct {
	NodeHours float64 `json:"nodeHours" validate:"required,gte=0"` // of the target's nodes, while runs are measured
}

// SLO are the bounds of an objective by name: ttft_p99: 500ms.
type SLO map[string]Duration

// GoodputPart is the name of the part of an objective that asks for all bounds together.
const GoodputPart = "goodput"

// sloQuantities are what an objective can bound, by suite: what each request has one of.
var sloQuantities = map[string][]string{"serving": {"ttft", "tpot", "e2el"}, "vector": {"latency"}}

// sloWords are the same for people.
var sloWords = map[string]string{"serving": "ttft, tpot or e2el", "vector": "latency"}

// SLOBound is what the name of a bound says: the quantity, and the share of requests that has to keep it; 0 where the name has no
// percentile.
func SLOBound(name string) (quantity string, share float64, ok bool) {
	quantity, tail, percentile := strings.Cut(name, "_p")
	if !slices.Contains(sloQuantities["serving"], quantity) && !slices.Contains(sloQuantities["vector"], quantity) {
		return "", 0, false
	}
	if !percentile {
		return quantity, 0, true
	}
	p, err := strconv.Atoi(tail)
	return quantity, float64(p) / 100, err == nil && p >= 50 && p <= 99 && len(tail) == 2
}

// Shares are the parts of the objective, each with the share of requests that has to keep it.
func (s Search) Shares() map[string]float64 {
	out := map[string]float64{}
	for name := range s.SLO {
		if _, share, ok := SLOBound(name); ok && share > 0 {
			out[name] = share
		}
	}
	if s.Goodput > 0 {
		out[GoodputPart] = s.Goodput
	}
	return out
}

func defaultSearch(s Search) *Search {
	s.Precision = cmp.Or(s.Precision, 5)
	s.Repeats = cmp.Or(s.Repeats, 12)
	return &s
}

// search checks the search of a benchmark, with defaults filled in.
func (c *checker) search(path string, b Benchmark) {
	s, at := *b.Search, path+".search"
	if b.Serving == nil && b.Vector == nil {
		c.bad(at, "needs a serving or a vector benchmark: it looks for the highest load that a server can take", "remove it")
		return
	}
	if b.Repeats != nil && b.Repeats.Total() > 1 {
		c.bad(path+".repeats", "has no meaning with search, which repeats the loads near the edge", "remove it; search.repeats bounds how often")
	}
	if b.Together != "" {
		c.bad(path+".together", "has no meaning with search: it measures alone", "remove it")
	}
	if b.Vector != nil {
		c.searchedVector(path, *b.Vector)
	} else {
		c.searchedServing(path, *b.Serving)
	}
	c.searchRange(at, s)
	c.objective(at, s, b)
	for i, g := range b.Gates {
		if g.PromQL != "" || !strings.HasPrefix(g.Metric, "search_") && !strings.HasPrefix(g.Metric, "search.") {
			c.bad(fmt.Sprintf("%s.gates[%d]", path, i), "a gate of a search is on its answer, not on the loads that it tries", "write metric: search_capacity")
		}
	}
}

// searchedServing checks that only the search sets the load.
func (c *checker) searchedServing(path string, v Serving) {
	switch {
	case v.Rate > 0 || v.RampUp != nil || len(v.Stages) > 0 || v.Dataset == "timed-trace":
		c.bad(path+".search", "sets the load, and so does the benchmark: rate, rampUp, stages or dataset: timed-trace", "keep one")
	case v.Concurrency > 0:
		c.bad(path+".serving.concurrency", "does not go with search, which sets the load: with search.rate a bound would keep requests back", "remove it")
	}
}

// searchedVector checks that only the search sets the load, and that nothing else is measured at the same time.
func (c *checker) searchedVector(path string, v Vector) {
	at := path + ".vector"
	switch {
	case len(v.Concurrency) > 0:
		c.bad(at+".concurrency", "does not go with search, which sets the load", "remove it")
	case !v.Rate.Inf():
		c.bad(at+".rate", "does not go with search, which sets the load", "remove it")
	case len(v.Filters) > 0 || len(v.EFSweep) > 0 || !v.Writes.Inf():
		c.bad(at, "measures filters, efSweep or writes as well, and a run of a search measures its load alone", "declare another benchmark for these")
	}
}

func (c *checker) searchRange(at string, s Search) {
	if (s.Rate == nil) == (s.Concurrency == nil) {
		c.lacks(at, at, "needs exactly one of rate and concurrency, with from and to", "write rate: {from: 1, to: 64}")
		return
	}
	at, r := at+".rate", s.Rate
	if r == nil {
		at, r = strings.TrimSuffix(at, "rate")+"concurrency", s.Concurrency
		for name, v := range map[string]float64{".from": r.From, ".to": r.To} {
			if v != math.Trunc(v) {
				c.bad(at+name, fmt.Sprintf("must be a whole number of requests, found %v", v), "")
			}
		}
	}
	switch {
	case r.From <= 0:
		c.lacks(at, at+".from", "must be above 0: the first load that is tried", "")
	case r.From >= r.To:
		c.lacks(at, at+".to", fmt.Sprintf("must be above from, %v: the highest load that is tried", r.From), "")
	}
}

// objective checks the bounds, and that enough requests are sent to be certain of them.
func (c *checker) objective(at string, s Search, b Benchmark) {
	suite := b.suites()[0]
	var known []string
	for _, q := range sloQuantities[suite] {
		known = append(known, q, q+"_p90", q+"_p99")
	}
	for _, name := range slices.Sorted(maps.Keys(s.SLO)) {
		path := at + ".slo[" + name + "]"
		quantity, share, ok := SLOBound(name)
		switch {
		case !ok || !slices.Contains(sloQuantities[suite], quantity):
			c.bad(path, fmt.Sprintf("must be %s, alone or with a percentile from p50 to p99 such as %s, found %s", sloWords[suite], known[2], brief(name)), meant(name, known))
		case s.SLO[name] == 0:
			c.bad(path, "must be above 0", "")
		case share == 0 && s.Goodput == 0:
			c.bad(path, "has no percentile, so how many requests have to keep it is not said", "write "+name+"_p99, or goodput: 0.99")
		}
	}
	if len(s.SLO) == 0 {
		c.lacks(at, at+".slo", "needs a bound", "write slo: {"+known[2]+": 500ms}")
	}
	shares := s.Shares()
	for _, name := range slices.Sorted(maps.Keys(shares)) {
		need, have := SearchSamples(shares[name]), math.MaxInt32 // how many queries a level takes is not known beforehand
		if b.Serving != nil {
			have = b.Serving.Prompts * s.Repeats
		}
		if float64(have) >= need {
			continue
		}
		path := at + ".slo[" + name + "]"
		if name == GoodputPart {
			path = at + "." + name
		}
		if math.IsInf(need, 1) {
			c.bad(path, "can never be certain: no number of requests shows that all of them keep it", "write 0.999")
			continue
		}
		c.bad(path, fmt.Sprintf("needs at least %.0f requests at a load to be certain, and prompts times search.repeats is %d", need, have), "raise prompts")
	}
}

// MostSearchRuns is how many runs a search makes, at most.
const MostSearchRuns = 100

// SearchDoubt is how likely it may be that a load of which a search is certain is on the other side of the edge.
const SearchDoubt = 0.05

// SearchSamples is how many requests a load needs at least so that it is certain that a share of them keeps a bound: when all
// of them do. More are needed when some do not, or when requests depend on each other.
func SearchSamples(share float64) float64 {
	z := math.Sqrt2 * math.Erfinv(1-2*SearchDoubt)
	return math.Ceil(z * z * share / (1 - share))
}

// By is what is searched, SearchRate or SearchConcurrency, with its range.
func (s Search) By() (string, Range) {
	if s.Concurrency != nil {
		return SearchConcurrency, *s.Concurrency
	}
	if s.Rate != nil {
		return SearchRate, *s.Rate
	}
	return SearchRate, Range{}
}

// What is searched.
const (
	SearchRate        = "rate"
	SearchConcurrency = "concurrency"
)

// SearchStatus is what a search has come to: at one point of a sweep, or of the benchmark.
type SearchStatus struct {
	Benchmark string            `json:"benchmark"`
	Point     map[string]string `json:"point,omitempty"`  // of the sweep
	By        string            `json:"by"`               // rate or concurrency
	Load      string            `json:"load"`             // the name of the load in the points of its runs
	Kept      float64           `json:"kept,omitempty"`   // the highest load that certainly keeps the objective, once there is one
	Missed    float64           `json:"missed,omitempty"` // the lowest above it that certainly does not
	Reason    string            `json:"reason"`           // SearchFound …; InProgress
	Message   string            `json:"message"`
	Runs      int               `json:"runs"`
	NodeHours float64           `json:"nodeHours"`
	Loads     []SearchLoad      `json:"loads,omitempty"` // the curve, from the lowest load
}

// SearchLoad is a load that was tried.
type SearchLoad struct {
	Load    float64      `json:"load"`
	Runs    int          `json:"runs"`
	Verdict string       `json:"verdict"`       // Kept, Missed, Open
	Why     string       `json:"why,omitempty"` // a reason for which a run missed it whatever its requests say
	Parts   []SearchPart `json:"parts"`
}

// SearchPart is the share of requests at a load that kept a part of the objective, with the interval that decides.
type SearchPart struct {
	Part     string  `json:"part"`
	Requests int     `json:"requests"`
	Share    float64 `json:"share"`
	Lo       float64 `json:"lo"`
	Hi       float64 `json:"hi"`
	Least    float64 `json:"least"` // what is asked for
}

// Verdicts on a load.
const (
	LoadKept   = "Kept"   // certainly
	LoadMissed = "Missed" // certainly
	LoadOpen   = "Open"
)

// Has reports whether a run is one of the search: of its benchmark, at its point of the sweep, at any load.
func (s SearchStatus) Has(benchmark string, point map[string]string) bool {
	if benchmark != s.Benchmark || len(point) != len(s.Point)+1 || point[s.Load] == "" {
		return false
	}
	for k, v := range s.Point {
		if point[k] != v {
			return false
		}
	}
	return true
}
