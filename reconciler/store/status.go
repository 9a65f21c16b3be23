package store

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
)

func (s *Store) statusPath(name string) string {
	return filepath.Join(s.dir, "status", safe(name)+".json")
}

// PutStatus replaces the status of an experiment. The loop is its only writer.
func (l *Lease) PutStatus(st v1alpha1.ExperimentStatus) error {
	if err := l.replace(l.s.statusPath(st.Name), st); err != nil {
		return fmt.Errorf("writing the status of experiment %s: %w", st.Name, err)
	}
	return nil
}

// Status reads the status of an experiment; false when there is none yet. A damaged file counts as none: the next pass
// replaces it.
func (s *Store) Status(name string) (v1alpha1.ExperimentStatus, bool, error) {
	st, err := durable.OptionalRecord[v1alpha1.ExperimentStatus](s.statusPath(name))
	if errors.Is(err, durable.ErrDamaged) {
		err = nil
	}
	if st == nil || err != nil {
		return v1alpha1.ExperimentStatus{}, false, err
	}
	return *st, true, nil
}

// Statuses reads the status of every experiment, by name.
func (s *Store) Statuses() ([]v1alpha1.ExperimentStatus, error) {
	files, err := durable.Names(filepath.Join(s.dir, "status"))
	if err != nil {
		return nil, err
	}
	var out []v1alpha1.ExperimentStatus
	for _, f := range files {
		st, ok, err := s.Status(named(strings.TrimSuffix(f, ".json")))
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
	type group struct {
		Targets []string          `json:"targets"`
		Labels  map[string]string `json:"labels"`
	}
	groups := []group{}
	for _, t := range targets {
		u, err := url.Parse(t.URL)
		if err != nil || u.Host == "" {
			return fmt.Errorf("writing the scrape targets: target %s has no usable URL: %q", t.ID, t.URL)
		}
		labels := map[string]string{"__scheme__": u.Scheme, "__metrics_path__": cmp.Or(u.EscapedPath(), "/metrics")}
		maps.Copy(labels, t.Labels)
		groups = append(groups, group{[]string{u.Host}, labels})
	}
	path := filepath.Join(l.s.dir, "targets", "assay.json")
	now, err := json.MarshalIndent(groups, "", " ")
	if err != nil {
		return fmt.Errorf("encoding the scrape targets: %w", err)
	}
	if before, err := os.ReadFile(path); err == nil && bytes.Equal(before, now) {
		return l.Check()
	}
	if err := l.s.fs.Replace(path, now, l.Check); err != nil {
		return fmt.Errorf("writing the scrape targets: %w", err)
	}
	return nil
}
