package accept

import (
	"errors"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/store"
)

// ReadSecrets reads the secrets that an experiment names and returns it with their digests; drivers/source implements it.
type ReadSecrets func(doc v1alpha1.ExperimentDoc, keep func(value string) (digest string, err error)) (v1alpha1.ExperimentDoc, error)

// Batch is where the experiments of one manifest go, and where they come from.
type Batch struct {
	Store   *store.Store
	Site    v1alpha1.Site
	Origin  drivers.Origin
	Prune   bool // a revision may remove everything that an experiment runs
	Adopt   bool // a source may take over experiments that were applied by hand or that another source brought
	Secrets ReadSecrets
	// Holds reports whether the followed repository holds a commit; nil where none is followed.
	Holds func(commit string) bool
}

// Accepted is a revision and what accepting it came to.
type Accepted struct {
	store.Revision
	Outcome store.Outcome
}

// Accept stores every experiment as a revision. Those that cannot be stored are in the error, and the others are stored.
func (b Batch) Accept(docs []v1alpha1.ExperimentDoc) ([]Accepted, error) {
	var out []Accepted
	var errs []error
	for _, doc := range docs {
		rev, err := b.revision(doc, b.Store.PutSecret)
		var a Accepted
		if err == nil {
			a, err = put(b.Store, rev)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out = append(out, a)
	}
	return out, errors.Join(errs...)
}

// put stores a revision, unless it removes everything by mistake.
func put(st *store.Store, rev store.Revision) (a Accepted, err error) {
	if err := guard(st, rev); err != nil {
		return a, err
	}
	a.Revision, a.Outcome, err = st.Accept(rev)
	return a, err
}

// Preview returns the revisions that Accept would store, and stores nothing, secrets included.
func (b Batch) Preview(docs []v1alpha1.ExperimentDoc) ([]store.Revision, error) {
	var out []store.Revision
	for _, doc := range docs {
		rev, err := b.revision(doc, b.Store.Digest)
		if err != nil {
			return nil, err
		}
		out = append(out, rev)
	}
	return out, nil
}

// Hash is the hash of the revision that an experiment would be, whoever owns it now.
func (b Batch) Hash(doc v1alpha1.ExperimentDoc) (string, error) {
	doc, err := b.Secrets(doc, b.Store.Digest)
	return v1alpha1.Hash(doc.Experiment), err
}

func (b Batch) revision(doc v1alpha1.ExperimentDoc, keep func(string) (string, error)) (store.Revision, error) {
	if Owner(b.Origin) != byHand { // a source reads no secret for an experiment that is not its own
		if _, err := b.owner(doc); err != nil {
			return store.Revision{}, err
		}
	}
	doc, err := b.Secrets(doc, keep)
	if err != nil {
		return store.Revision{}, refusal{err}
	}
	owner, err := b.owner(doc)
	return store.Revision{Experiment: doc.Metadata.Name, Prune: b.Prune, Owner: owner, Origin: b.Origin, Site: b.Site, Spec: doc.Experiment}, err
}

// Gone lists the experiments that this source brought and that docs no longer hold.
func (b Batch) Gone(docs []v1alpha1.ExperimentDoc) ([]store.Revision, error) {
	heads, err := b.Store.Heads()
	if _, err = store.Tolerate(err); err != nil { // what cannot be read is not removed
		return nil, err
	}
	held := map[string]bool{}
	for _, doc := range docs {
		held[doc.Metadata.Name] = true
	}
	var out []store.Revision
	for _, h := range heads {
		if b.Owns(h) && !held[h.Experiment] && !h.Deleting {
			out = append(out, h)
		}
	}
	return out, nil
}

// Delete stores a revision that ends everything of an experiment.
func (b Batch) Delete(head store.Revision) error {
	head.Deleting, head.Prune, head.Origin = true, true, b.Origin
	_, _, err := b.Store.Accept(head)
	return err
}
