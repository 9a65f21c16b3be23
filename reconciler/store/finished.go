package store

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"assay/drivers/durable"
	"assay/reconciler/each"
	"assay/reconciler/plan"
)

// Finished lists what is summed up of the ended runs of an experiment, in the order in which they ended. It reads the
// segments; where they are missing or damaged, the folders of the runs.
func (s *Store) Finished(experiment string) ([]FinishedRun, error) {
	var out []FinishedRun
	at := map[string]int{}
	_, err := s.readSegments(s.FinishedDir(experiment), func(b []byte) error {
		var r FinishedRun
		if err := json.Unmarshal(longPart(b), &r); err != nil {
			return err
		}
		r.Dir = s.runDir(experiment, r.ID)
		if i, again := at[r.ID]; again {
			out[i] = r
			return nil
		}
		at[r.ID] = len(out)
		out = append(out, r)
		return nil
	})
	if repairable(err) {
		out, _, err = s.allRuns(experiment)
	}
	return out, err
}

// readableLines are the lines of an experiment that can be read, whatever the others are like, by run.
func (s *Store) readableLines(experiment string) map[string]FinishedRun {
	out := map[string]FinishedRun{}
	dir := s.FinishedDir(experiment)
	names, _ := durable.Names(dir) // what cannot be read has no line
	for _, name := range names {
		b, _ := durable.Read(filepath.Join(dir, name), durable.MaxRecord)
		for line := range strings.Lines(string(b)) {
			what, ok := content([]byte(strings.TrimSuffix(line, "\n")))
			var r FinishedRun
			if ok && json.Unmarshal(longPart(what), &r) == nil && r.ID != "" {
				out[r.ID] = r
			}
		}
	}
	return out
}

// FindRuns reads the runs of that name in full: ID, or EXPERIMENT/ID. Also of experiments that are not declared any more.
func (s *Store) FindRuns(name string) (out []plan.Run, err error) {
	experiments := []string{}
	experiment, id, full := strings.Cut(name, "/")
	if full {
		experiments = []string{experiment}
	} else if id = name; id != "" {
		if experiments, err = s.RunExperiments(); err != nil {
			return nil, err
		}
	}
	runs, errs := make([]plan.Run, len(experiments)), make([]error, len(experiments))
	each.Do(readers, len(experiments), func(i int) { runs[i], errs[i] = s.Run(experiments[i], id) })
	for i, err := range errs {
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, err
		default:
			out = append(out, runs[i])
		}
	}
	return out, nil
}
