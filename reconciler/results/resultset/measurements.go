package resultset

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"assay/api/v1alpha1"
	"assay/reconciler/plan"
	"assay/reconciler/results"
	"assay/reconciler/store"
)

// Store is what is read of the state directory.
type Store interface {
	Runs(experiment string) ([]plan.Run, error)           // oldest first
	RunExperiments() ([]string, error)                    // those that have runs
	History(experiment string) ([]store.Revision, error)  // oldest first
	Head(experiment string) (store.Revision, bool, error) // false: not declared
}

// Reader reads results.
type Reader struct {
	Store Store
	// Configurations say what a revision measures. An error means that this assay cannot compile the revision any more:
	// only its own runs count for it then.
	Configurations func(store.Revision) ([]plan.Configuration, error)
	// Searches are what the searches of a revision have come to with the runs of its experiment; nil: none is known.
	Searches func(store.Revision, []plan.Run) ([]v1alpha1.SearchStatus, error)
}

// Measurements are an experiment's revisions, and the results that count for each.
type Measurements struct {
	History []store.Revision // oldest first, without those that delete

	reader     Reader
	experiment string
	runs       []plan.Run
	rows       []results.Row                // oldest first
	made       map[string]map[string]string // by revision: the configuration by results.Key
}

// shortestHash, in characters, keeps the number of a revision that is not there from being taken for a hash.
const shortestHash = 4

// Measurements reads an experiment. One that was never here has no revisions.
func (r Reader) Measurements(experiment string) (*Measurements, error) {
	runs, err := r.Store.Runs(experiment)
	if err != nil {
		return nil, err
	}
	history, err := r.Store.History(experiment)
	if _, err = store.Tolerate(err); err != nil { // a revision is no result
		return nil, err
	}
	deleting := func(rev store.Revision) bool { return rev.Deleting }
	return &Measurements{slices.DeleteFunc(history, deleting), r, experiment, runs, results.Rows(runs), map[string]map[string]string{}}, nil
}

// newest is the head of an experiment; of one that was deleted the last revision, whose results can still be read.
func (r Reader) newest(experiment string) (store.Revision, bool, error) {
	head, ok, err := r.Store.Head(experiment)
	if ok || err != nil {
		return head, ok, err
	}
	history, err := r.Store.History(experiment)
	if _, err = store.Tolerate(err); err != nil {
		return head, false, err
	}
	for _, rev := range slices.Backward(history) {
		if !rev.Deleting {
			return rev, true, nil
		}
	}
	return head, false, nil
}

// Find resolves a revision by its number, the beginning of its hash, or of the commit that it came from (of several of one commit
// the newest); the newest of all when word is empty.
func (m *Measurements) Find(word string) (store.Revision, error) {
	hint := "the revisions: assay history " + m.experiment
	if len(m.History) == 0 {
		return store.Revision{}, fmt.Errorf("%s has no result; what there is: assay get runs", m.experiment)
	}
	if word == "" {
		return m.History[len(m.History)-1], nil
	}
	var found []store.Revision
	for _, rev := range m.History {
		if strconv.FormatInt(rev.Generation, 10) == word { // a number is never meant as a hash where there is a revision of that number
			return rev, nil
		}
		if len(word) < shortestHash || !strings.HasPrefix(rev.Hash, word) && !strings.HasPrefix(rev.Origin.Commit, word) {
			continue
		}
		same := func(f store.Revision) bool {
			return f.Hash == rev.Hash || f.Origin.Commit == rev.Origin.Commit && strings.HasPrefix(f.Origin.Commit, word)
		}
		found = append(slices.DeleteFunc(found, same), rev)
	}
	switch len(found) {
	case 0:
		return store.Revision{}, fmt.Errorf("%s has no revision %s; %s", m.experiment, word, hint)
	case 1:
		return found[0], nil
	}
	return store.Revision{}, fmt.Errorf("%s has %d revisions that begin with %s; %s", m.experiment, len(found), word, hint)
}

// Of are the results that count for a revision: of each repeat the newest.
func (m *Measurements) Of(rev store.Revision) []results.Row {
	var out []results.Row
	for _, r := range m.rows {
		configuration := m.configuration(r.Revision, r)
		if r.Revision == rev.Hash || configuration != "" && m.configuration(rev.Hash, r) == configuration {
			out = append(out, r)
		}
	}
	out = results.Newest(out)
	return append(out, m.answers(rev, out)...)
}

// Measured is a revision that has results.
type Measured struct {
	Generation int64
	Hash       string
	Rows       []results.Row
}

// Measured are the revisions that have results, oldest first; of those that have the same results only the newest.
func (m *Measurements) Measured() (out []Measured) {
	for _, rev := range m.History {
		rows := m.Of(rev)
		if len(rows) == 0 {
			continue
		}
		same := func(o Measured) bool {
			return slices.EqualFunc(o.Rows, rows, func(a, b results.Row) bool { return a.Run == b.Run })
		}
		out = append(slices.DeleteFunc(out, same), Measured{Generation: rev.Generation, Hash: rev.Hash, Rows: rows})
	}
	return out
}

// configurations of a revision, each compiled once.
func (m *Measurements) configurations(hash string) map[string]string {
	if made, ok := m.made[hash]; ok {
		return made
	}
	made := map[string]string{}
	if i := slices.IndexFunc(m.History, func(rev store.Revision) bool { return rev.Hash == hash }); i >= 0 {
		all, _ := m.reader.Configurations(m.History[i]) // none: see Reader
		for _, c := range all {
			made[results.Key(c.Benchmark, c.At())] = c.Fingerprint
		}
	}
	m.made[hash] = made
	return made
}

// configuration is what a run measured, by a revision; empty when it does not measure that. The runs of a search are at any load.
func (m *Measurements) configuration(hash string, r results.Row) string {
	made := m.configurations(hash)
	if c, ok := made[r.Key()]; ok {
		return c
	}
	for name := range r.Point {
		c := plan.Configuration{Point: maps.Clone(r.Point), Load: name}
		if c, ok := made[results.Key(r.Benchmark, c.At())]; ok {
			return c
		}
	}
	return ""
}

// answers are the rows of a revision's searches that have ended.
func (m *Measurements) answers(rev store.Revision, rows []results.Row) (out []results.Row) {
	if m.reader.Searches == nil || !slices.ContainsFunc(rev.Spec.Spec.Benchmarks, func(b v1alpha1.Benchmark) bool { return b.Search != nil }) {
		return nil
	}
	all, _ := m.reader.Searches(rev, m.runs) // none: see Reader
	for _, s := range all {
		if row, ok := results.SearchRow(s, rows); ok {
			row.Revision = rev.Hash
			out = append(out, row)
		}
	}
	return out
}
