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
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
	"assay/reconciler/each"
)

func (s *Store) statusPath(name string) string {
	return filepath.Join(s.dir, "status", safe(name)+".json")
}

// PutStatus replaces the status of an experiment. The loop is its only writer. The folder is not synced: after a power cut an
// old status is taken for what it is, and replaced.
func (l *Lease) PutStatus(st v1alpha1.ExperimentStatus) error {
	w := l.s.fs
	w.NoDirSync = true
	clean, err := l.s.hide(st)
	if err == nil {
		err = w.ReplaceRecord(l.s.statusPath(st.Name), clean, l.Check)
	}
	if err != nil {
		return fmt.Errorf("writing the status of experiment %s: %w", st.Name, err)
	}
	return nil
}

// Observed is observed.json: what holds of every status that a pass found unchanged and did not write again.
type Observed struct {
	At       time.Time `json:"at"`                 // when the world was last observed, by the clock of who did
	Answered int64     `json:"answered,omitempty"` // as in a status
	// Of are the files that it speaks of, by experiment: when each was written. Another one is as old as it says, such as one
	// that somebody put back from a backup.
	Of map[string]time.Time `json:"of,omitempty"`
}

func (s *Store) observedPath() string { return filepath.Join(s.dir, "observed.json") }

// PutObserved says that every status is as it was found at that time. The loop is its only writer, once every status that
// had changed is written.
func (l *Lease) PutObserved(o Observed) error {
	w := l.s.fs
	w.NoDirSync = true
	if err := w.ReplaceRecord(l.s.observedPath(), o, l.Check); err != nil {
		return fmt.Errorf("writing when the world was observed: %w", err)
	}
	return nil
}

// observed reads observed.json; zero when there is none, or it is damaged: the statuses are as old as they say then.
func (s *Store) observed() (Observed, error) {
	o, err := durable.OptionalRecord[Observed](s.observedPath())
	if errors.Is(err, durable.ErrDamaged) {
		err = nil
	}
	if o == nil || err != nil {
		return Observed{}, err
	}
	return *o, nil
}

// apply makes a status as new as the last observation that confirmed it.
func (o Observed) apply(st v1alpha1.ExperimentStatus) v1alpha1.ExperimentStatus {
	if of, ok := o.Of[st.Name]; !ok || !of.Equal(st.Written) {
		return st
	}
	if o.At.After(st.Observed) {
		st.Observed = o.At
	}
	st.Answered = max(st.Answered, o.Answered)
	return st
}

// Status reads the status of an experiment; false when there is none yet. A damaged file counts as none: the next pass
// replaces it.
func (s *Store) Status(name string) (v1alpha1.ExperimentStatus, bool, error) {
	o, err := s.observed() // before the status, which can be replaced meanwhile
	if err != nil {
		return v1alpha1.ExperimentStatus{}, false, err
	}
	st, ok, err := s.statusFile(name)
	return o.apply(st), ok, err
}

func (s *Store) statusFile(name string) (v1alpha1.ExperimentStatus, bool, error) {
	st, err := durable.OptionalRecord[v1alpha1.ExperimentStatus](s.statusPath(name))
	if errors.Is(err, durable.ErrDamaged) {
		err = nil
	}
	if st == nil || err != nil {
		return v1alpha1.ExperimentStatus{}, false, err
	}
	st.Written = st.Observed
	return *st, true, nil
}

// Statuses reads the status of every experiment, by name.
func (s *Store) Statuses() ([]v1alpha1.ExperimentStatus, error) {
	files, err := durable.Names(filepath.Join(s.dir, "status"))
	if err != nil {
		return nil, err
	}
	o, err := s.observed()
	if err != nil {
		return nil, err
	}
	read, there, errs := make([]v1alpha1.ExperimentStatus, len(files)), make([]bool, len(files)), make([]error, len(files))
	each.Do(readers, len(files), func(i int) {
		read[i], there[i], errs[i] = s.statusFile(named(strings.TrimSuffix(files[i], ".json")))
	})
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	out := make([]v1alpha1.ExperimentStatus, 0, len(files))
	for i, st := range read {
		if there[i] {
			out = append(out, o.apply(st))
		}
	}
	return out, nil
}

// PrometheusFile holds the procid.Address of the embedded Prometheus of the process that runs the loop.
const PrometheusFile = "prometheus.json"

// ControllerFile holds the procid.Address at which the controller that holds the lease says how it is.
const ControllerFile = "controller.json"

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
		if t.Agent {
			labels[drivers.AgentLabel] = "true"
		}
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
