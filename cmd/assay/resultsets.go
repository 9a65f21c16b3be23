package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"assay/reconciler/results"
	"assay/reconciler/store"
)

// resultsOf reads the results that a reference names: EXPERIMENT, EXPERIMENT@REVISION, label:KEY=VALUE, or file:PATH of
// what `assay report -o json` wrote. Of a repeat that was done several times the newest counts.
func resultsOf(st *store.Store, ref string) ([]results.Row, error) {
	rows, err := rowsOf(st, ref)
	if err != nil {
		return nil, fmt.Errorf("reading the results of %s: %w", ref, err)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s has no result; what there is: assay get runs", ref)
	}
	return results.Newest(rows), nil
}

func rowsOf(st *store.Store, ref string) ([]results.Row, error) {
	if path, ok := strings.CutPrefix(ref, "file:"); ok {
		return savedRows(path)
	}
	if label, ok := strings.CutPrefix(ref, "label:"); ok {
		return labelled(st, label)
	}
	name, revision, _ := strings.Cut(ref, "@")
	runs, err := st.Runs(name)
	if err != nil {
		return nil, err
	}
	rows := results.Rows(runs)
	return slices.DeleteFunc(rows, func(r results.Row) bool { return !strings.HasPrefix(r.Revision, revision) }), nil
}

// savedRows reads a report in JSON.
func savedRows(path string) ([]results.Row, error) {
	b, err := os.ReadFile(path)
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
		return nil, fmt.Errorf("%s is no report; write one: assay report EXPERIMENT -o json --out %s", path, path)
	}
	return saved.Runs, nil
}

// labelled are the results of all revisions that carry a label.
func labelled(st *store.Store, label string) ([]results.Row, error) {
	key, value, ok := strings.Cut(label, "=")
	if !ok {
		return nil, fmt.Errorf("label %q needs a value: label:KEY=VALUE", label)
	}
	runs, err := st.Runs("")
	if err != nil {
		return nil, err
	}
	carries := map[string]bool{}
	for _, r := range runs {
		if _, asked := carries[r.Experiment+r.Revision]; asked {
			continue
		}
		history, err := st.History(r.Experiment)
		if err != nil {
			return nil, err
		}
		for _, rev := range history {
			carries[r.Experiment+rev.Hash] = rev.Spec.Metadata.Labels[key] == value
		}
	}
	rows := results.Rows(runs)
	return slices.DeleteFunc(rows, func(r results.Row) bool { return !carries[r.Experiment+r.Revision] }), nil
}
