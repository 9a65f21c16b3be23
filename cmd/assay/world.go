package main

import (
	"encoding/json"
	"strconv"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/store"
)

// world is what the read-only commands know: the status files, the revisions and the events.
type world struct {
	st       *store.Store
	statuses []v1alpha1.ExperimentStatus
	heads    map[string]store.Revision
}

func readWorld(st *store.Store) (world, error) {
	w := world{st: st, heads: map[string]store.Revision{}}
	var err error
	if w.statuses, err = st.Statuses(); err != nil {
		return w, err
	}
	for _, s := range w.statuses {
		for _, v := range s.Services {
			for i, seat := range v.Seats {
				if id, ok := drivers.ParseSeat(seat.Seat); ok && seat.Nonce != "" {
					v.Seats[i].Dir = st.JobDir(id, seat.Nonce)
				}
			}
		}
	}
	heads, err := st.Heads()
	if err != nil {
		return w, err
	}
	for _, h := range heads {
		w.heads[h.Experiment] = h
	}
	return w, nil
}

// revisionStatus is what is known of a revision beside its spec.
type revisionStatus struct {
	Origin   drivers.Origin `json:"origin"`
	Owner    string         `json:"owner"`
	Deleting bool           `json:"deleting,omitempty"`
}

// objects lists one kind, ordered as the status files order it.
func (w world) objects(kind string) ([]object, error) {
	switch kind {
	case "revisions":
		return w.revisions()
	case "events":
		return w.events()
	}
	var out []object
	for _, s := range w.statuses {
		head := w.heads[s.Name]
		meta := func(name string) metadata {
			return metadata{Name: name, Experiment: s.Name, Revision: s.Revision, Generation: s.Generation}
		}
		switch kind {
		case "experiments":
			m := meta(s.Name)
			m.Labels = head.Spec.Metadata.Labels
			out = append(out, newObject("Experiment", m, head.Spec.Spec, s))
		case "services":
			for _, v := range s.Services {
				out = append(out, newObject("Service", meta(v.Name), serviceSpec(head, v.Name), v))
			}
		case "jobs":
			for _, v := range s.Services {
				for _, seat := range v.Seats {
					if seat.JobID != "" {
						out = append(out, newObject("Job", meta(seat.JobID), nil, seat))
					}
				}
			}
		case "runs":
			for _, r := range s.Runs {
				m := meta(r.ID)
				m.Revision = r.Revision
				out = append(out, newObject("Run", m, w.runSpec(r), r))
			}
		}
	}
	return out, nil
}

func newObject(kind string, m metadata, spec, status any) object {
	return object{APIVersion: v1alpha1.APIVersion, Kind: kind, Metadata: m, Spec: spec, Status: status}
}

func serviceSpec(head store.Revision, name string) any {
	for _, s := range head.Spec.Spec.Services {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// runSpec is the benchmark as the run saw it: from its own request, not from today's manifest.
func (w world) runSpec(r v1alpha1.RunStatus) any {
	var req drivers.SuiteRequest
	if err := readJSON(r.Dir, drivers.RequestFile, &req); err != nil {
		return nil
	}
	return req
}

func (w world) revisions() ([]object, error) {
	var out []object
	for _, name := range sortedKeys(w.heads) {
		history, err := w.st.History(name)
		if err != nil {
			return nil, err
		}
		for _, r := range history {
			m := metadata{Name: strconv.FormatInt(r.Generation, 10), Experiment: name, Revision: r.Hash, Generation: r.Generation, Labels: r.Spec.Metadata.Labels}
			out = append(out, newObject("Revision", m, r.Spec.Spec, revisionStatus{r.Origin, r.Owner, r.Deleting}))
		}
	}
	return out, nil
}

func (w world) events() ([]object, error) {
	events, err := w.st.Events("")
	if err != nil {
		return nil, err
	}
	var out []object
	for i, e := range events {
		out = append(out, newObject("Event", metadata{Name: strconv.Itoa(i + 1), Experiment: e.Experiment, Generation: e.Generation}, nil, e))
	}
	return out, nil
}

// fingerprint tells two lists apart.
func fingerprint(items []object) string {
	b, _ := json.Marshal(items) // these types always encode
	return string(b)
}
