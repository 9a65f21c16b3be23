package results

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Direction says which way a metric improves.
type Direction int

// The directions.
const (
	Neither Direction = iota // a count or a setting, for which more is not better
	Higher
	Lower
)

// String is higher, lower or neither.
func (d Direction) String() string { return [...]string{"neither", "higher", "lower"}[d] }

// Prominence says where a metric is shown. Each level includes those before it.
type Prominence int

// The levels. Every metric is in result.json, in `report -o json` and `-o csv`, and exported to Prometheus.
const (
	Stored   Prominence = iota // nowhere else
	Compared                   // by `assay compare` unless other metrics are asked for
	Column                     // in the tables of a report
	Headline                   // on top of a report, and compared with the revision before
)

// Groups of metrics.
const (
	Throughput = "throughput"
	Latency    = "latency"
	Quality    = "quality" // correct answers, recall
	Errors     = "errors"
	Load       = "load"   // what was sent, and for how long
	Client     = "client" // the load generator's own cost and delay
	Server     = "server" // what the server says of itself
	Bandwidth  = "bandwidth"
	Metadata   = "metadata"
	Score      = "score"
	Searched   = "search" // what a search found: of all its runs together
)

// Metric is one entry of the catalogue. A metric that is made for each value of a parameter has one entry, in whose texts
// <N> and <K> stand for a number, <P> for a percentage and <kind> for a kind of failure.
type Metric struct {
	Name       string // in result.json: ttft_p99_ms, query_c<N>_qps
	Suite      string // serving, vector or storage; empty: more than one of them
	Group      string
	Family     string     // what the statistics of one quantity share: ttft
	Statistic  string     // mean, median, std, max, p90, p95, p99, p99.9; empty for a single number
	Unit       string     // ms, s, %, tok/s …; empty for a count, a ratio or a score
	Better     Direction  //
	Meaning    string     // one sentence
	Title      string     // of a column or an axis, without the unit
	Brief      string     // in the RESULT column of `assay get runs`, # for the value; empty: it is not there
	Prominence Prominence //
	place      int        // in the catalogue
}

// Heading is the title with the unit. A title that ends in "/s" names what is counted per second, and so the unit.
func (m Metric) Heading() string {
	if m.Unit == "" || strings.HasSuffix(m.Title, "/s") {
		return m.Title
	}
	return m.Title + ", " + m.Unit
}

// Improves reports whether now is better than before; never for a metric that has no better.
func (m Metric) Improves(before, now float64) bool {
	return m.Better == Higher && now > before || m.Better == Lower && now < before
}

// endings are those of names that say a unit. Manifests leave them out: ttft.p99 is ttft_p99_ms.
var endings = map[string][]string{"ms": {"_ms"}, "s": {"_s", "_seconds"}, "%": {"_percent"}, "GiB/s": {"_gibs"}, "kIOPS": {"_kiops"}}

// short is the name without the ending that says the unit.
func (m Metric) short() string {
	for _, e := range endings[m.Unit] {
		if s, ok := strings.CutSuffix(m.Name, e); ok {
			return s
		}
	}
	return m.Name
}

// catalogue is the list with its index.
type catalogue struct {
	all      []Metric
	byName   map[string]int
	patterns []pattern
}

// pattern is an entry for each value of a parameter.
type pattern struct {
	prefix string // before the first parameter
	name   *regexp.Regexp
	params []string // with their brackets, in the order of the groups
	place  int
}

var (
	parameter = regexp.MustCompile(`<(\w+)>`)
	// values are the regular expressions of parameters.
	values = map[string]string{"<N>": `[0-9]+`, "<K>": `[0-9]+`, "<P>": `[0-9.]+`, "<kind>": `[a-z0-9_]+`}
)

// load builds the catalogue once. The order is that of tables.
var load = sync.OnceValue(func() catalogue {
	c := catalogue{all: slices.Concat(searched(), serving(), vector(), storage(), common()), byName: map[string]int{}}
	for i := range c.all {
		m := &c.all[i]
		m.place = i
		params := parameter.FindAllString(m.Name, -1)
		if params == nil {
			c.byName[m.Name] = i
			continue
		}
		text := regexp.QuoteMeta(m.Name)
		for _, p := range params {
			text = strings.Replace(text, p, "("+values[p]+")", 1)
		}
		prefix, _, _ := strings.Cut(m.Name, "<")
		c.patterns = append(c.patterns, pattern{prefix, regexp.MustCompile("^" + text + "$"), params, i})
	}
	return c
})

// Catalogue is every metric that suites write, in the order of tables.
func Catalogue() []Metric { return slices.Clone(load().all) }

// Lookup finds the entry of a metric by its name in result.json. Of an entry that has a parameter it returns the metric for
// that value: query_c8_qps for the entry query_c<N>_qps.
func Lookup(name string) (Metric, bool) {
	c := load()
	if i, ok := c.byName[name]; ok {
		return c.all[i], true
	}
	for _, p := range c.patterns {
		if !strings.HasPrefix(name, p.prefix) {
			continue
		}
		if found := p.name.FindStringSubmatch(name); found != nil {
			return c.all[p.place].with(p.params, found[1:]), true
		}
	}
	return Metric{}, false
}

// with puts values in the places of parameters.
func (m Metric) with(params, values []string) Metric {
	var pairs []string
	for i, p := range params {
		pairs = append(pairs, p, values[i])
	}
	r := strings.NewReplacer(pairs...)
	for _, text := range []*string{&m.Name, &m.Family, &m.Title, &m.Brief, &m.Meaning} {
		*text = r.Replace(*text)
	}
	return m
}

// Describe is Lookup for what is shown in any case: a metric that the catalogue lacks, as that of a newer assay's report,
// has its name as its title, and no unit.
func Describe(name string) Metric {
	m, ok := Lookup(name)
	if !ok {
		m = Metric{Name: name, Title: strings.ReplaceAll(name, "_", " "), place: len(load().all)}
	}
	return m
}

// Resolve finds the metric that a manifest or a flag means among the names of those that there are: ttft.p99 is
// ttft_p99_ms. One that is not there is returned under the name that was asked for.
func Resolve(name string, there []string) Metric {
	flat := func(name string) string { return strings.ReplaceAll(name, ".", "_") } // ttft_p99.9_ms has a dot itself
	for _, n := range there {
		if m, ok := Lookup(n); flat(n) == flat(name) || ok && flat(m.short()) == flat(name) {
			return Describe(n)
		}
	}
	return Describe(flat(name))
}

// Shown are those of some names that are at least as prominent, in the order of the catalogue.
func Shown(least Prominence, names []string) []Metric {
	return chosen(names, func(m Metric) bool { return m.Prominence >= least })
}

// chosen are the metrics of some names for which keep says so, each once, in the order of the catalogue.
func chosen(names []string, keep func(Metric) bool) []Metric {
	found := map[string]Metric{}
	for _, n := range names {
		if m, ok := Lookup(n); ok && keep(m) {
			found[n] = m
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b Metric) int {
		return cmp.Or(a.place-b.place, Natural(a.Name, b.Name))
	})
}
