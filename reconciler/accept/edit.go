package accept

import (
	"fmt"

	"assay/api/v1alpha1"
	"assay/reconciler/store"
)

// Editable is the newest revision of an experiment, for a change by hand. One that a followed source brings is refused: the next
// commit would undo it.
func Editable(st *store.Store, experiment string) (store.Revision, error) {
	head, ok, err := st.Readable(experiment)
	switch {
	case err != nil:
		return head, err
	case !ok || head.Deleting:
		return head, fmt.Errorf("no experiment %q; what there is: assay get experiments", experiment)
	case head.Owner != byHand:
		return head, refusal{fmt.Errorf("experiment %s is not edited here: %s brings it; edit it in %s", experiment, head.Owner, place(head))}
	}
	return head, nil
}

func place(head store.Revision) string {
	at := head.Origin.Path
	if head.Origin.Ref != "" {
		at += " on " + head.Origin.Ref
	}
	if at == "" {
		return "its source"
	}
	return at
}

// Replace stores what was made of a revision that was read before; store.ErrChanged when another one was stored meanwhile.
func (b Batch) Replace(was store.Revision, doc v1alpha1.ExperimentDoc) (a Accepted, err error) {
	rev, err := b.revision(doc, b.Store.PutSecret)
	if err != nil {
		return a, err
	}
	if err := guard(b.Store, rev); err != nil {
		return a, err
	}
	a.Revision, a.Outcome, err = b.Store.AcceptOver(was, rev)
	return a, err
}

// Keeping leaves secrets that are named as before as they are stored: only those that are new are read.
func Keeping(was store.Revision, read ReadSecrets) ReadSecrets {
	stored := map[string]map[string]v1alpha1.Secret{}
	for _, s := range was.Spec.Spec.Services {
		stored[s.Name] = s.Secrets
	}
	return func(doc v1alpha1.ExperimentDoc, keep func(string) (string, error)) (v1alpha1.ExperimentDoc, error) {
		known := func(service, name string, ref v1alpha1.Secret) (v1alpha1.Secret, bool) {
			old, ok := stored[service][name]
			return old, ok && old.Env == ref.Env && old.File == ref.File
		}
		asked := doc
		asked.Experiment.Spec.Services = withSecrets(doc, func(service, name string, ref v1alpha1.Secret) (v1alpha1.Secret, bool) {
			_, there := known(service, name, ref)
			return ref, !there
		})
		read, err := read(asked, keep)
		if err != nil {
			return doc, err
		}
		values := map[string]map[string]v1alpha1.Secret{}
		for _, s := range read.Experiment.Spec.Services {
			values[s.Name] = s.Secrets
		}
		doc.Experiment.Spec.Services = withSecrets(doc, func(service, name string, ref v1alpha1.Secret) (v1alpha1.Secret, bool) {
			if old, there := known(service, name, ref); there {
				return old, true
			}
			return values[service][name], true
		})
		return doc, nil
	}
}

// withSecrets are the services of an experiment with the secrets that choose gives.
func withSecrets(doc v1alpha1.ExperimentDoc, choose func(service, name string, ref v1alpha1.Secret) (v1alpha1.Secret, bool)) []v1alpha1.Service {
	out := make([]v1alpha1.Service, 0, len(doc.Experiment.Spec.Services))
	for _, s := range doc.Experiment.Spec.Services {
		var chosen map[string]v1alpha1.Secret
		for name, ref := range s.Secrets {
			if one, ok := choose(s.Name, name, ref); ok {
				if chosen == nil {
					chosen = map[string]v1alpha1.Secret{}
				}
				chosen[name] = one
			}
		}
		s.Secrets = chosen
		out = append(out, s)
	}
	return out
}
