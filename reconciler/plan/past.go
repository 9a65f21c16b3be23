package plan

import (
	"maps"
	"slices"
	"time"

	"assay/api/v1alpha1"
)

// EndedRun is what rules need of a run that has ended: enough to never read it again.
type EndedRun struct {
	ID      string
	Key     string
	Phase   string // v1alpha1.Run*
	Reason  Reason
	Message string // of a failed run, or why its numbers are not valid; empty otherwise
	Invalid bool   // it has numbers, and they are not valid
}

// Past is what is left of the runs of an experiment that have ended. It never changes, so that a pass need not copy it; With
// makes another one. The zero value and nil hold no run.
type Past struct {
	byKey map[string][]EndedRun // oldest first
	begun map[string]time.Time  // target -> when the newest of its runs was created
	runs  int
}

// SumUp sums a run up that has ended.
func SumUp(r Run) EndedRun {
	e := EndedRun{ID: r.ID, Key: r.Key, Phase: r.Phase, Reason: r.Reason}
	switch {
	case r.Phase == v1alpha1.RunFailed:
		e.Message = r.Message
	case r.Result != nil && r.Result.Error == "" && !r.Result.Valid:
		e.Invalid, e.Message = true, reasons(&r)
	}
	return e
}

// Add takes a run in while a Past is built. Of several entries of one run the last counts. It must not be called once the
// Past was handed over.
func (p *Past) Add(e EndedRun, target string, created time.Time) {
	if p.byKey == nil {
		p.byKey, p.begun = map[string][]EndedRun{}, map[string]time.Time{}
	}
	if created.After(p.begun[target]) {
		p.begun[target] = created
	}
	all := p.byKey[e.Key]
	if i := slices.IndexFunc(all, func(o EndedRun) bool { return o.ID == e.ID }); i >= 0 {
		all[i] = e
		return
	}
	p.byKey[e.Key], p.runs = append(all, e), p.runs+1
}

// With is the Past with one more run, or with another entry of one that it holds.
func (p *Past) With(e EndedRun, target string, created time.Time) *Past {
	out := &Past{}
	if p != nil && p.byKey != nil {
		*out = Past{byKey: maps.Clone(p.byKey), begun: maps.Clone(p.begun), runs: p.runs}
		out.byKey[e.Key] = slices.Clone(out.byKey[e.Key])
	}
	out.Add(e, target, created)
	return out
}

// Of are the ended runs of a key, oldest first. Do not change them.
func (p *Past) Of(key string) []EndedRun {
	if p == nil {
		return nil
	}
	return p.byKey[key]
}

// Has reports whether it holds a run.
func (p *Past) Has(key, id string) bool {
	return slices.ContainsFunc(p.Of(key), func(e EndedRun) bool { return e.ID == id })
}

// Len is how many runs it holds.
func (p *Past) Len() int {
	if p == nil {
		return 0
	}
	return p.runs
}
