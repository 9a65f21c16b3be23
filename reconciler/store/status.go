package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
)

func (s *Store) statusPath(name string) string { return filepath.Join(s.dir, "status", name+".json") }

// PutStatus replaces what is said of an experiment. The loop is its only writer.
func (l *Lease) PutStatus(st v1alpha1.ExperimentStatus) error {
	if err := l.Check(); err != nil {
		return err
	}
	return l.s.fs.replace(l.s.statusPath(st.Name), st)
}

// Status reads what is said of an experiment; false when nothing is yet.
func (s *Store) Status(name string) (v1alpha1.ExperimentStatus, bool, error) {
	var st v1alpha1.ExperimentStatus
	err := read(s.statusPath(name), &st)
	if errors.Is(err, fs.ErrNotExist) {
		return st, false, nil
	}
	return st, err == nil, err
}

// Statuses reads what is said of all experiments, by name.
func (s *Store) Statuses() ([]v1alpha1.ExperimentStatus, error) {
	files, err := names(filepath.Join(s.dir, "status"))
	if err != nil {
		return nil, err
	}
	var out []v1alpha1.ExperimentStatus
	for _, f := range files {
		st, ok, err := s.Status(strings.TrimSuffix(f, ".json"))
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, st)
		}
	}
	return out, nil
}

// PutTargets writes the scrape targets in Prometheus' file_sd form, when they differ from what the file holds.
func (l *Lease) PutTargets(targets []drivers.Target) error {
	if err := l.Check(); err != nil {
		return err
	}
	type group struct {
		Targets []string          `json:"targets"`
		Labels  map[string]string `json:"labels"`
	}
	groups := []group{}
	for _, t := range targets {
		scheme, rest, _ := strings.Cut(t.URL, "://")
		host, path, _ := strings.Cut(rest, "/")
		labels := maps.Clone(t.Labels)
		labels["__scheme__"], labels["__metrics_path__"] = scheme, "/"+path
		groups = append(groups, group{[]string{host}, labels})
	}
	path := filepath.Join(l.s.dir, "targets", "assay.json")
	tmp, err := l.s.fs.temp(path, groups)
	if err != nil {
		return err
	}
	defer os.Remove(tmp) // gone already after the rename
	now, err := os.ReadFile(tmp)
	if err != nil {
		return fmt.Errorf("writing the scrape targets: %w", err)
	}
	if before, err := os.ReadFile(path); err == nil && bytes.Equal(before, now) {
		return nil
	}
	if err := l.s.fs.step("rename", func() error { return os.Rename(tmp, path) }); err != nil {
		return fmt.Errorf("writing the scrape targets: %w", err)
	}
	return l.s.fs.syncDir(filepath.Dir(path))
}
