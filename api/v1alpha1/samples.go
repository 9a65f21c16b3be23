package v1alpha1

import (
	"fmt"
	"math"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

// SamplesFor is how many samples the p-th percentile (0 < p < 100) needs so that with 99 % confidence at least two of them
// lie beyond it: 11 for the median, 64 for p90, 130 for p95, 662 for p99, 6,636 for p99.9. MLPerf asks for the same numbers.
func SamplesFor(p float64) int {
	const doubt = 0.01
	q := p / 100
	enough := func(n int) bool {
		none := math.Pow(q, float64(n))
		one := float64(n) * (1 - q) * math.Pow(q, float64(n-1))
		return none+one <= doubt
	}
	most := 2
	for !enough(most) {
		most *= 2
	}
	return 2 + sort.Search(most-2, func(n int) bool { return enough(2 + n) })
}

// percentileName is the name of a tail: what is measured, and which percentile.
var percentileName = regexp.MustCompile(`^([a-z][a-z0-9_]*?)[._]p([0-9]{2}(?:[._]?[0-9]+)?)(?:_ms)?$`)

// samples refuses a gate on a percentile for which the benchmark cannot have enough samples.
func (c *checker) samples(path string, b Benchmark, g Gate) {
	found := percentileName.FindStringSubmatch(g.Metric)
	if found == nil {
		return
	}
	p, err := strconv.ParseFloat(strings.ReplaceAll(found[2], "_", "."), 64)
	if err != nil || p >= 100 {
		return // it is no percentile
	}
	have, of := b.samplesOf(found[1])
	if need := SamplesFor(p); have > 0 && have < need {
		c.bad(path+".metric", fmt.Sprintf("p%g needs %d samples, and a run has %d %s: there would be nothing to decide by", p, need, have, of),
			fmt.Sprintf("raise %s to %d, or gate on a lower percentile or the median", of, need))
	}
}

// samplesOf is how many samples of a quantity a run has at most, and the field that says so; 0: it is not known before.
func (b Benchmark) samplesOf(quantity string) (int, string) {
	switch {
	case b.Vector != nil:
		return b.Vector.Queries, "queries"
	case b.Serving != nil && b.Serving.Duration > 0: // as many as there is time for
		return 0, ""
	case b.Serving == nil || strings.HasPrefix(quantity, "itl"): // gaps between tokens, of which a request has many
		return 0, ""
	}
	for i, s := range b.Serving.Stages {
		if strings.HasPrefix(quantity, fmt.Sprintf("stage%d_", i+1)) {
			return s.Prompts, "prompts"
		}
	}
	return b.Serving.Prompts, "prompts"
}
