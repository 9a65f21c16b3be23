package web

import (
	"errors"

	"assay/reconciler/gate"
	"assay/reconciler/results/resultset"
)

// gates are the verdicts of an experiment's newest revision, as assay gate -o json prints them.
type gates struct {
	Verdict string         `json:"verdict"` // GO, NO-GO or INCONCLUSIVE; empty: it declares none
	Gates   []gate.Verdict `json:"gates"`
}

func gatesData(r *request) (any, error) {
	_, g, err := r.gates()
	return g, err
}

func (r *request) gates() (experiment string, g gates, err error) {
	if experiment, err = r.name("experiment"); err != nil {
		return "", g, err
	}
	ref := experiment
	if rev := r.URL.Query().Get("revision"); rev != "" {
		if !word.MatchString(rev) {
			return "", g, &failure{400, "revision is a number, or the beginning of a hash or commit"}
		}
		ref += "@" + rev
	}
	leave, err := r.calm()
	if err != nil {
		return "", g, err
	}
	defer leave()
	g.Gates, err = r.s.o.Results.Verdicts(ref, resultset.PromQL(r.Context(), r.s.o.Average))
	switch {
	case errors.Is(err, resultset.ErrNoGate):
		g.Gates = []gate.Verdict{}
		return experiment, g, nil
	case err != nil:
		return "", g, &failure{404, err.Error()}
	}
	g.Verdict = gate.Overall(g.Gates)
	return experiment, g, nil
}

// gatesView is the page of gates.
type gatesView struct {
	Experiment string
	gates
}

func gatesPage(r *request) (*page, error) {
	experiment, g, err := r.gates()
	if err != nil {
		return nil, err
	}
	return &page{Title: "Gates", Crumbs: crumbs(experiment), View: "gates", Data: gatesView{experiment, g}, Every: 15}, nil
}
