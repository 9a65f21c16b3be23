package resultset

import (
	"encoding/json"
	"fmt"
	"strings"

	"assay/drivers/durable"
	"assay/drivers/safefile"
	"assay/reconciler/results"
)

// Results reads what a reference names: EXPERIMENT (its newest revision), EXPERIMENT@REVISION, EXPERIMENT@COMMIT, label:KEY=VALUE, or
// file:PATH of what `assay report -o json` wrote. A reference without results is an error.
func (r Reader) Results(ref string) ([]results.Row, error) {
	rows, err := r.rows(ref)
	if err != nil {
		return nil, fmt.Errorf("reading the results of %s: %w", ref, err)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s has no result; what there is: assay get runs", ref)
	}
	return results.Newest(rows), nil
}

func (r Reader) rows(ref string) ([]results.Row, error) {
	if path, ok := strings.CutPrefix(ref, "file:"); ok {
		return savedRows(path)
	}
	if label, ok := strings.CutPrefix(ref, "label:"); ok {
		return r.labelled(label)
	}
	name, revision, _ := strings.Cut(ref, "@")
	m, err := r.Measurements(name)
	if err != nil {
		return nil, err
	}
	rev, err := m.Find(revision)
	if err != nil {
		return nil, err
	}
	return m.Of(rev), nil
}

// savedRows reads a report in JSON.
func savedRows(path string) ([]results.Row, error) {
	b, err := safefile.ReadFile(path, durable.MaxRecord)
	if err != nil {
		return nil, err
	}
	var saved struct {
		Kind string        `json:"kind"`
		Runs []results.Row `json:"runs"`
	}
	if err := json.Unmarshal(b, &saved); err != nil {
		return nil, err
	}
	if saved.Kind != "Report" {
		return nil, fmt.Errorf("%s is not a report of assay; write one: assay report EXPERIMENT -o json --out %s", path, path)
	}
	return saved.Runs, nil
}

// labelled are the results of the newest revisions that carry a label. Where several experiments or revisions have
// measured the same benchmark at the same point, that of the newest run counts, alone: repeats of two are never mixed.
func (r Reader) labelled(label string) ([]results.Row, error) {
	key, value, ok := strings.Cut(label, "=")
	if !ok {
		return nil, fmt.Errorf("label %q needs a value: label:KEY=VALUE", label)
	}
	experiments, err := r.Store.RunExperiments()
	if err != nil {
		return nil, err
	}
	newest := map[string]results.Group{}
	for _, experiment := range experiments {
		m, err := r.Measurements(experiment)
		if err != nil {
			return nil, err
		}
		for _, rev := range m.History {
			if rev.Spec.Metadata.Labels[key] != value {
				continue
			}
			for _, g := range results.Groups(m.Of(rev)) {
				if was, ok := newest[g.Name()]; !ok || !g.Last().Before(was.Last()) {
					newest[g.Name()] = g
				}
			}
		}
	}
	var out []results.Row
	for _, name := range results.SortedKeys(newest) {
		out = append(append(out, newest[name].Rows...), newest[name].Invalid...)
	}
	return out, nil
}
