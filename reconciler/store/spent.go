package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"assay/drivers/durable"
	"assay/reconciler/plan"
)

// spentRecord is what the deleted experiments of a followed source used, which its budget goes on counting.
type spentRecord struct {
	Owner       string                     `json:"owner"`
	Experiments map[string]spentExperiment `json:"experiments"`
}

// spentExperiment is what an experiment used in all its lives, and the revision that deleted it last: a crash while it is
// forgotten counts nothing twice.
type spentExperiment struct {
	Generation int64      `json:"generation"`
	Used       plan.Usage `json:"used"`
}

func (s *Store) spentPath(owner string) string {
	return strings.TrimSuffix(s.sourcePath(owner), ".json") + ".spent"
}

// Forgotten is what the deleted experiments of a followed source used.
func (s *Store) Forgotten(owner string) (sum plan.Usage, err error) {
	record, err := s.spent(owner)
	for _, e := range record.Experiments {
		sum = sum.Plus(e.Used)
	}
	return sum, err
}

func (s *Store) spent(owner string) (spentRecord, error) {
	record := spentRecord{Owner: owner, Experiments: map[string]spentExperiment{}}
	err := durable.ReadRecord(s.spentPath(owner), &record)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return record, fmt.Errorf("reading what deleted experiments used: %w", err)
	}
	return record, nil
}

// noteSpent keeps what an experiment of a followed source used, before its attempts are put away.
func (l *Lease) noteSpent(head Revision) error {
	if !strings.Contains(head.Owner, ":") { // applied by hand
		return nil
	}
	all, err := l.Attempts()
	if _, err = Tolerate(err); err != nil {
		return err
	}
	used := plan.UsedBy(all, head.Experiment)
	if used == (plan.Usage{}) {
		return nil
	}
	record, err := l.s.spent(head.Owner)
	before := record.Experiments[head.Experiment]
	if err != nil || before.Generation == head.Generation {
		return err
	}
	record.Experiments[head.Experiment] = spentExperiment{head.Generation, before.Used.Plus(used)}
	path := l.s.spentPath(head.Owner)
	if err = l.s.fs.MkdirAll(filepath.Dir(path)); err == nil {
		err = l.s.fs.ReplaceRecord(path, record, l.Check)
	}
	if err != nil {
		return fmt.Errorf("keeping what experiment %s used: %w", head.Experiment, err)
	}
	return nil
}
