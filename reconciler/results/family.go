package results

import (
	"strconv"
	"strings"

	"assay/api/v1alpha1"
)

// family declares the statistics that a suite writes of one quantity in milliseconds: NAME_mean_ms, NAME_median_ms,
// NAME_std_ms, NAME_max_ms and the tails NAME_p90_ms, NAME_p95_ms, NAME_p99_ms, NAME_p99.9_ms.
type family struct {
	name, title, of string // of: what is measured, to follow "mean of"
	suite, group    string
	intervals       bool                  // NAME_p99_ms_lo and _hi too, but of std and max
	show            map[string]Prominence // by statistic
	brief           map[string]string
}

// statistics with the words before "of".
var statistics = []struct{ name, words string }{
	{"mean", "mean"}, {"median", "median"}, {"std", "standard deviation"},
	{"p90", "90th percentile"}, {"p95", "95th percentile"}, {"p99", "99th percentile"}, {"p99.9", "99.9th percentile"},
	{"max", "maximum"},
}

func (f family) metrics() (out []Metric) {
	for _, s := range statistics {
		m := Metric{Name: f.name + "_" + s.name + "_ms", Suite: f.suite, Group: f.group, Family: f.name, Statistic: s.name, Unit: "ms", Better: Lower,
			Meaning: "The " + s.words + " of " + f.of + ".", Title: f.title + " " + s.name, Brief: f.brief[s.name], Prominence: f.show[s.name]}
		out = append(out, m)
		if !f.intervals || s.name == "std" || s.name == "max" {
			continue
		}
		for _, end := range []struct{ name, words string }{{"lo", "lower"}, {"hi", "upper"}} {
			b := m
			b.Name, b.Title, b.Brief, b.Prominence = m.Name+"_"+end.name, m.Title+", "+end.words+" end", "", Stored
			b.Meaning = "The " + end.words + " end of the 95 % confidence interval of " + m.Name + "."
			out = append(out, b)
		}
	}
	return out
}

// Percentile is the p of a pNN, 50 for a median; false for a mean, a standard deviation and a single number.
func (m Metric) Percentile() (p float64, ok bool) {
	if m.Statistic == "median" {
		return 50, true
	}
	text, tail := strings.CutPrefix(m.Statistic, "p")
	p, err := strconv.ParseFloat(text, 64)
	return p, tail && err == nil
}

// Samples is how many samples (requests, queries) the metric needs to be trusted: v1alpha1.SamplesFor a percentile or the
// median. A mean and a standard deviation need two, so that their error can be estimated at all; how large it is depends on
// the spread. A single number and a maximum need one.
func (m Metric) Samples() int {
	if p, ok := m.Percentile(); ok {
		return v1alpha1.SamplesFor(p)
	}
	if m.Statistic == "mean" || m.Statistic == "std" {
		return 2
	}
	return 1
}
