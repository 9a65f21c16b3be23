package review

import (
	"assay/api/v1alpha1"
	"assay/reconciler/gate"
	"assay/reconciler/results"
)

// Side is the base or the pull request.
type Side struct {
	Ref     string `json:"ref"` // branch, or what the forge calls it
	Commit  string `json:"commit"`
	Author  string `json:"author,omitempty"`
	Subject string `json:"subject,omitempty"`
}

// Point is a benchmark at a declared point with its results.
type Point struct {
	Group    results.Group
	Declared gate.Declared
}

// Measured is a side of an experiment.
type Measured struct {
	Name       string // of the experiment that was measured: a reference for compare and report
	Benchmarks []v1alpha1.Benchmark
	Points     []Point
}

// Experiment is one that the pull request holds, or its base.
type Experiment struct {
	Name      string    // as the repository calls it
	Unchanged bool      // nothing was measured for it
	Head      *Measured // nil: the pull request removes it
	Base      *Measured // nil: the pull request adds it
	InTurn    bool      // the base was measured with it, in turn; else its results were there
	Broken    string    // why it does not run, by its own fault
	Unended   string    // why it has not ended
	Gates     []gate.Verdict
}

// Input is what is judged.
type Input struct {
	Base, Head  Side
	Allow       v1alpha1.Percent // how much worse a metric may be
	Experiments []Experiment
}

// Estimate is a typical run, or the change of one in percent, with its 95 % interval.
type Estimate struct{ Center, Lo, Hi float64 }

// Row is one check.
type Row struct {
	Experiment, Benchmark string
	Point                 map[string]string
	Check                 string // a metric, a gate, or a sentence
	Unit                  string
	Before, Now, Change   *Estimate // of a metric that both sides have
	Verdict, Reason       string    // no verdict: there is nothing to compare with
}

// Review is what a pull request comes to.
type Review struct {
	Input
	Verdict string
	Rows    []Row
}

// Judge makes every check.
func Judge(in Input) Review {
	r := Review{Input: in}
	var all []gate.Verdict
	for _, e := range in.Experiments {
		for _, row := range in.judge(e) {
			r.Rows = append(r.Rows, row)
			if row.Verdict != "" {
				all = append(all, gate.Verdict{Verdict: row.Verdict})
			}
		}
	}
	if r.Verdict = gate.Go; len(all) > 0 { // a pull request that changes no experiment disturbs none
		r.Verdict = gate.Overall(all)
	}
	return r
}

// Simulated reports whether anything was measured on a simulator.
func (r Review) Simulated() bool {
	for _, e := range r.Experiments {
		for _, side := range []*Measured{e.Head, e.Base} {
			if side == nil {
				continue
			}
			for _, p := range side.Points {
				if p.Group.Simulated() {
					return true
				}
			}
		}
	}
	return false
}

// Invalid is the review of a pull request whose manifests are not valid.
func Invalid(in Input, why string) Review {
	return Review{Input: in, Verdict: gate.NoGo, Rows: []Row{{Experiment: in.Head.Ref, Check: "its manifests are valid", Verdict: gate.NoGo, Reason: why}}}
}
