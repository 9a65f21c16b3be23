package report

import (
	"encoding/json"
	"math"
	"slices"
	"time"

	"assay/api/v1alpha1"
	"assay/reconciler/changes"
	"assay/reconciler/compare"
	"assay/reconciler/decide"
	"assay/reconciler/gate"
	"assay/reconciler/results"
)

// Revision is one accepted version of the experiment.
type Revision struct {
	Generation int64     `json:"generation"`
	Hash       string    `json:"hash"`
	Source     string    `json:"source,omitempty"`
	Commit     string    `json:"commit,omitempty"`
	Author     string    `json:"author,omitempty"`
	Subject    string    `json:"subject,omitempty"` // of the commit
	At         time.Time `json:"at,omitzero"`
}

// Interval is a mean over repeats; Lo and Hi are absent for one repeat.
type Interval struct {
	N    int      `json:"n"`
	Mean float64  `json:"mean"`
	Lo   *float64 `json:"lo,omitempty"`
	Hi   *float64 `json:"hi,omitempty"`
}

// Summary is one benchmark at one point.
type Summary struct {
	Benchmark string              `json:"benchmark"`
	Point     map[string]string   `json:"point,omitempty"`
	Runs      int                 `json:"runs"`    // valid ones
	Invalid   int                 `json:"invalid"` // those not counted
	Simulated bool                `json:"simulated"`
	Engine    string              `json:"engine,omitempty"`
	Metrics   map[string]Interval `json:"metrics,omitempty"`
	group     results.Group
}

// Report is everything that is printed. JSON is its form for programs.
type Report struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Experiment string            `json:"experiment"`
	Labels     map[string]string `json:"labels,omitempty"`
	Site       string            `json:"site,omitempty"`
	Generated  time.Time         `json:"generated"`
	Simulated  bool              `json:"simulated"`            // any of it
	Unmeasured int64             `json:"unmeasured,omitempty"` // the newest revision's number, when it has no result and an older one is shown
	Verdict    string            `json:"verdict,omitempty"`
	Gates      []gate.Verdict    `json:"gates,omitempty"`
	Revisions  []Revision        `json:"revisions,omitempty"`
	Summary    []Summary         `json:"summary"`
	Against    string            `json:"against,omitempty"` // the revision that changes are compared with
	Changes    []compare.Row     `json:"changes,omitempty"`
	Compared   []string          `json:"compared,omitempty"` // what targets that were measured in turn show, in sentences
	History    []changes.Series  `json:"history,omitempty"`  // metrics over the revisions that measured them
	Runs       []results.Row     `json:"runs"`
	Metrics    map[string]entry  `json:"metrics,omitempty"` // what the metrics of the runs are
	measured   []Measured        // the last one is shown
}

// Input is what a report is made of. The last measured revision is shown, and compared with those before it.
type Input struct {
	Experiment string
	Labels     map[string]string
	Site       string
	Generated  time.Time
	Revisions  []Revision
	Measured   []Measured
	Gates      []gate.Verdict
	Turns      []compare.Turns // targets that were measured in turn
}

// Build makes a report of at least one measured revision.
func Build(in Input) Report {
	r := Report{APIVersion: v1alpha1.APIVersion, Kind: "Report", Experiment: in.Experiment, Labels: in.Labels, Site: in.Site, Generated: in.Generated,
		Revisions: in.Revisions, Gates: worstFirst(plainGates(in.Gates)), Summary: []Summary{}, measured: in.Measured}
	if n := len(in.Measured); n > 0 {
		shown := in.Measured[n-1]
		r.Runs = plainRows(results.Newest(shown.Rows))
		if k := len(in.Revisions); k > 0 && in.Revisions[k-1].Generation > shown.Generation {
			r.Unmeasured = in.Revisions[k-1].Generation
		}
	}
	if len(in.Gates) > 0 {
		r.Verdict = gate.Overall(in.Gates)
	}
	for _, g := range results.Groups(r.Runs) {
		s := Summary{Benchmark: g.Benchmark, Point: g.Point, Runs: len(g.Rows), Invalid: len(g.Invalid), Simulated: g.Simulated(), Engine: g.Engine(),
			Metrics: map[string]Interval{}, group: g}
		for _, m := range g.Metrics() {
			s.Metrics[m] = interval(g, m)
		}
		r.Simulated = r.Simulated || s.Simulated
		r.Summary = append(r.Summary, s)
	}
	for _, t := range in.Turns {
		for _, row := range t.Headlines(results.Groups(r.Runs)) {
			r.Compared = append(r.Compared, t.Says(row))
		}
	}
	r.compareRevisions()
	r.overRevisions()
	r.describe()
	return r
}

// worstFirst sorts verdicts: NO-GO, INCONCLUSIVE, GO.
func worstFirst(all []gate.Verdict) []gate.Verdict {
	order := []string{gate.NoGo, gate.Inconclusive, gate.Go}
	return slices.SortedStableFunc(slices.Values(all), func(a, b gate.Verdict) int {
		return slices.Index(order, a.Verdict) - slices.Index(order, b.Verdict)
	})
}

// interval is over runs or, where there are several deployments of the server, over those.
func interval(g results.Group, metric string) Interval {
	s := results.Summarize(g.Values(metric))
	if runs := g.Runs(); decide.Deployments(runs) > 1 {
		typical := decide.Typical(runs, metric, decide.Alpha)
		s.Mean, s.Lo, s.Hi = typical.Center, typical.Lo, typical.Hi
	}
	i := Interval{N: s.N, Mean: s.Mean}
	if s.N > 1 && !math.IsInf(s.Lo, 0) && !math.IsInf(s.Hi, 0) {
		i.Lo, i.Hi = &s.Lo, &s.Hi
	}
	return i
}

// JSON is the whole report; compare and gate read it again as file:PATH.
func (r Report) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(r, "", "  ")
	return append(b, '\n'), err
}
