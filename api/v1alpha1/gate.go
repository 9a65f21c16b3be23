package v1alpha1

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// Gate is a condition on a benchmark's results, decided over its repeats: a bound on a metric or on a PromQL expression,
// or on how much a metric can differ from a baseline. Changing a gate does not repeat a run.
type Gate struct {
	Metric string `json:"metric,omitempty"` // ttft.p99 or ttft_p99_ms; of a run's metrics
	PromQL string `json:"promql,omitempty"` // averaged over each run's window
	Max    *Bound `json:"max,omitempty"`
	Min    *Bound `json:"min,omitempty"`
	// Baseline is EXPERIMENT, EXPERIMENT@REVISION, label:KEY=VALUE or file:PATH (of report -o json).
	Baseline string  `json:"baseline,omitempty"`
	MaxDrop  Percent `json:"maxDrop,omitempty"` // below the baseline
	MaxRise  Percent `json:"maxRise,omitempty"` // above the baseline
}

// String is the gate for people: ttft.p99 ≤ 500ms.
func (g Gate) String() string {
	what := g.Metric
	if what == "" {
		what = g.PromQL
	}
	var parts []string
	if g.Min != nil {
		parts = append(parts, "≥ "+g.Min.String())
	}
	if g.Max != nil {
		parts = append(parts, "≤ "+g.Max.String())
	}
	if g.MaxDrop > 0 {
		parts = append(parts, fmt.Sprintf("no more than %s below %s", g.MaxDrop, g.Baseline))
	}
	if g.MaxRise > 0 {
		parts = append(parts, fmt.Sprintf("no more than %s above %s", g.MaxRise, g.Baseline))
	}
	return what + " " + strings.Join(parts, " and ")
}

// Bound is a number, or a length of time for metrics that are one.
type Bound struct {
	Number float64
	Time   Duration // when it was written as one; then Number is 0
}

func (b Bound) String() string {
	if b.Time != 0 {
		return b.Time.String()
	}
	return strconv.FormatFloat(b.Number, 'g', -1, 64)
}

// MarshalJSON writes what was read.
func (b Bound) MarshalJSON() ([]byte, error) {
	if b.Time != 0 {
		return b.Time.MarshalJSON()
	}
	return json.Marshal(b.Number)
}

// UnmarshalJSON reads a number or a duration.
func (b *Bound) UnmarshalJSON(data []byte) error {
	if err := json.Unmarshal(data, &b.Number); err == nil {
		return nil
	}
	if err := b.Time.UnmarshalJSON(data); err != nil || b.Time == 0 {
		return fmt.Errorf("%s is not a bound: %s", cut(string(data)), boundHint(string(data)))
	}
	return nil
}

// Percent is a share written as 5%; 5 here.
type Percent float64

func (p Percent) String() string { return strconv.FormatFloat(float64(p), 'g', -1, 64) + "%" }

// MarshalJSON writes the string form.
func (p Percent) MarshalJSON() ([]byte, error) { return json.Marshal(p.String()) }

// UnmarshalJSON reads the string form; a bare number is an error, since 0.05 and 5 would both be guesses.
func (p *Percent) UnmarshalJSON(data []byte) error {
	var s string
	wrong := fmt.Errorf("%s is not a share: %s", cut(string(data)), shareHint(string(data)))
	if json.Unmarshal(data, &s) != nil || !strings.HasSuffix(s, "%") {
		return wrong
	}
	v, err := strconv.ParseFloat(strings.TrimSuffix(s, "%"), 64)
	if err != nil || v <= 0 || math.IsInf(v, 0) {
		return wrong
	}
	*p = Percent(v)
	return nil
}

var (
	metricName   = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$`)
	baselineName = regexp.MustCompile(`^(label:[^=\s]+=\S*|file:\S.*|[a-z0-9][-a-z0-9]*(@[0-9a-f]+)?)$`)
)

func (c *checker) gate(path string, g Gate) {
	relative := g.MaxDrop > 0 || g.MaxRise > 0
	switch {
	case (g.Metric == "") == (g.PromQL == ""):
		c.lacks(path, path, "needs exactly one of metric and promql", "")
	case g.Max == nil && g.Min == nil && !relative:
		c.lacks(path, path, "needs a bound: max, min, or baseline with maxDrop or maxRise", "")
	case relative && g.Baseline == "":
		c.lacks(path, path+".baseline", "is required with maxDrop and maxRise", "name an experiment")
	case g.Baseline != "" && !relative:
		c.bad(path+".baseline", "has no meaning without maxDrop or maxRise", "")
	case g.Baseline != "" && g.PromQL != "":
		c.bad(path+".baseline", "has no meaning for promql, which is not evaluated for the baseline", "write max or min")
	}
	if g.Metric != "" && !metricName.MatchString(g.Metric) {
		c.bad(path+".metric", "must be a metric's name such as ttft.p99 or output_throughput, found "+brief(g.Metric), metricHint(g.Metric))
	}
	if g.Baseline != "" && !baselineName.MatchString(g.Baseline) {
		c.bad(path+".baseline", "must be EXPERIMENT, EXPERIMENT@REVISION, label:KEY=VALUE or file:PATH, found "+brief(g.Baseline), "")
	}
	if g.Max != nil && g.Min != nil && g.Max.Time == 0 && g.Min.Time == 0 && g.Min.Number > g.Max.Number {
		c.bad(path+".min", fmt.Sprintf("%s is above max, %s: nothing can pass", g.Min, g.Max), "")
	}
}

// metricHint is a name of a metric with other separators and capitals.
func metricHint(name string) string {
	meant := strings.ToLower(strings.Join(strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune(" -/", r) }), "."))
	if !metricName.MatchString(meant) {
		return ""
	}
	return "write " + cut(meant)
}
