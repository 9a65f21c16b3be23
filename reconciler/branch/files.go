package branch

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"assay/reconciler/gate"
	"assay/reconciler/report"
	"assay/reconciler/results"
	"assay/reconciler/results/resultset"
	"assay/reconciler/store"
)

// Held is what the branch holds now: the content of a file, and whether it is there.
type Held func(name string) ([]byte, bool)

// Results are where results come from.
type Results struct {
	Reader resultset.Reader
	Site   string
	PromQL gate.Values
}

// Files are those that the branch is to hold of experiments. Files that stay as they are, are among them.
func (r Results) Files(experiments []string, held Held) (map[string][]byte, error) {
	out := map[string][]byte{}
	old, _ := held(indexName)
	lines := readIndex(old)
	for _, experiment := range experiments {
		m, err := r.Reader.Measurements(experiment)
		if err != nil {
			return nil, fmt.Errorf("reading the results of %s: %w", experiment, err)
		}
		for _, rev := range m.History {
			done, err := m.Complete(rev)
			if err != nil || !done || rev.Origin.Commit == "" { // an older assay's, or one that is not measured yet
				continue
			}
			if err := r.revision(m, rev, held, out, &lines); err != nil {
				return nil, fmt.Errorf("writing the results of %s, revision %d: %w", experiment, rev.Generation, err)
			}
		}
	}
	if len(lines.all) > 0 {
		out[indexName] = lines.page()
	}
	return out, nil
}

// short is so much of a hash as people compare.
func short(hash string, n int) string { return hash[:min(len(hash), n)] }

// revision adds the files of one revision, unless the branch has them of the same runs.
func (r Results) revision(m *resultset.Measurements, rev store.Revision, held Held, out map[string][]byte, lines *index) error {
	name := rev.Experiment + "/" + short(rev.Origin.Commit, 12) + "-" + short(rev.Hash, 8)
	rows := m.Of(rev)
	if before, there := held(name + ".json"); there && lines.has(name) && sameRuns(before, rows) {
		return nil
	}
	verdicts, err := r.Reader.Verdicts(fmt.Sprintf("%s@%d", rev.Experiment, rev.Generation), r.PromQL)
	if err != nil && !errors.Is(err, resultset.ErrNoGate) {
		return err
	}
	page := r.report(m, rev, verdicts)
	if out[name+".json"], err = page.JSON(); err != nil {
		return err
	}
	out[name+".md"] = []byte(page.Markdown())
	lines.put(line{name: name, rev: rev, rows: rows, verdict: page.Verdict})
	return nil
}

// report is that of a revision, with its changes against the one before it that was measured.
func (r Results) report(m *resultset.Measurements, rev store.Revision, verdicts []gate.Verdict) report.Report {
	in := report.Input{Experiment: rev.Experiment, Labels: rev.Spec.Metadata.Labels, Site: r.Site, Gates: verdicts}
	for _, h := range m.History {
		if h.Generation > rev.Generation {
			break
		}
		in.Revisions = append(in.Revisions, report.Revision{Generation: h.Generation, Hash: h.Hash, Source: h.Origin.Source, Commit: h.Origin.Commit, At: h.Origin.Time})
	}
	for _, x := range m.Measured() {
		if x.Generation < rev.Generation {
			in.Measured = []report.Measured{{Generation: x.Generation, Hash: x.Hash, Rows: x.Rows}}
		}
	}
	rows := slices.Clone(m.Of(rev))
	for i := range rows {
		rows[i].Dir = ""
		if rows[i].Ended.After(in.Generated) {
			in.Generated = rows[i].Ended
		}
	}
	in.Generated = in.Generated.UTC().Truncate(time.Second)
	in.Measured = append(in.Measured, report.Measured{Generation: rev.Generation, Hash: rev.Hash, Rows: rows})
	return report.Build(in)
}

// sameRuns reports whether a report in JSON is of these runs.
func sameRuns(saved []byte, rows []results.Row) bool {
	var was struct {
		Runs []struct {
			Run string `json:"run"`
		} `json:"runs"`
	}
	if json.Unmarshal(saved, &was) != nil || len(was.Runs) != len(rows) {
		return false
	}
	for _, r := range was.Runs {
		if !slices.ContainsFunc(rows, func(o results.Row) bool { return o.Run == r.Run }) {
			return false
		}
	}
	return true
}
