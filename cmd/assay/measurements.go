package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"assay/reconciler"
	"assay/reconciler/report"
	"assay/reconciler/results"
	"assay/reconciler/store"
)

// measurements are an experiment's revisions, and the results that count for each: those of its own runs, and those of
// other revisions that measured the same thing. So a changed gate keeps its results, and a changed model has none yet.
type measurements struct {
	experiment string
	history    []store.Revision // oldest first, without those that delete
	rows       []results.Row    // oldest first
	made       map[string]map[string]string
}

// shortestHash keeps the number of a revision that is not there from being taken for a hash.
const shortestHash = 4

func measurementsOf(st *store.Store, experiment string) (*measurements, error) {
	runs, err := st.Runs(experiment)
	if err != nil {
		return nil, err
	}
	history, err := st.History(experiment)
	if err != nil {
		return nil, err
	}
	deleting := func(r store.Revision) bool { return r.Deleting }
	return &measurements{experiment, slices.DeleteFunc(history, deleting), results.Rows(runs), map[string]map[string]string{}}, nil
}

// find resolves a revision by its number or the beginning of its hash; the newest when there is no word.
func (m *measurements) find(word string) (store.Revision, error) {
	hint := "the revisions: assay history " + m.experiment
	if len(m.history) == 0 {
		return store.Revision{}, fmt.Errorf("%s has no result; what there is: assay get runs", m.experiment)
	}
	if word == "" {
		return m.history[len(m.history)-1], nil
	}
	var found []store.Revision
	for _, rev := range m.history {
		if strconv.FormatInt(rev.Generation, 10) == word { // a number is never meant as a hash where there is a revision of that number
			return rev, nil
		}
		if len(word) >= shortestHash && strings.HasPrefix(rev.Hash, word) && !slices.ContainsFunc(found, func(f store.Revision) bool { return f.Hash == rev.Hash }) {
			found = append(found, rev)
		}
	}
	switch len(found) {
	case 0:
		return store.Revision{}, fmt.Errorf("%s has no revision %s; %s", m.experiment, word, hint)
	case 1:
		return found[0], nil
	}
	return store.Revision{}, fmt.Errorf("%s has %d revisions that begin with %s; %s", m.experiment, len(found), word, hint)
}

// of are the results that count for a revision: of each repeat the newest.
func (m *measurements) of(rev store.Revision) []results.Row {
	wanted := m.configurations(rev.Hash)
	var out []results.Row
	for _, r := range m.rows {
		configuration, ok := m.configurations(r.Revision)[r.Key()]
		if r.Revision == rev.Hash || ok && wanted[r.Key()] == configuration {
			out = append(out, r)
		}
	}
	return results.Newest(out)
}

// measured are the revisions that have results, oldest first; of those that have the same results only the newest.
func (m *measurements) measured() (out []report.Measured) {
	for _, rev := range m.history {
		rows := m.of(rev)
		if len(rows) == 0 {
			continue
		}
		same := func(o report.Measured) bool {
			return slices.EqualFunc(o.Rows, rows, func(a, b results.Row) bool { return a.Run == b.Run })
		}
		out = append(slices.DeleteFunc(out, same), report.Measured{Generation: rev.Generation, Hash: rev.Hash, Rows: rows})
	}
	return out
}

// configurations of a revision; none when this assay cannot compile it any more, so that only its own runs count for it.
func (m *measurements) configurations(hash string) map[string]string {
	if made, ok := m.made[hash]; ok {
		return made
	}
	made := map[string]string{}
	if i := slices.IndexFunc(m.history, func(rev store.Revision) bool { return rev.Hash == hash }); i >= 0 {
		all, _ := reconciler.Configurations(m.history[i], compileService)
		for _, c := range all {
			made[results.Key(c.Benchmark, c.Point)] = c.Fingerprint
		}
	}
	m.made[hash] = made
	return made
}
