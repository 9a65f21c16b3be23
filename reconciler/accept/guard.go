package accept

import (
	"fmt"

	"assay/api/v1alpha1"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// guard asks the prune guard before a revision is stored, when a mistake still costs nothing.
func guard(st *store.Store, rev store.Revision) error {
	head, ok, err := st.Readable(rev.Experiment)
	if err != nil || !ok || head.Deleting || rev.Prune {
		return err
	}
	if err := plan.Guard(serviceNames(head.Spec), serviceNames(rev.Spec)); err != nil {
		return refusal{fmt.Errorf("experiment %s was left as it is: %w", rev.Experiment, err)}
	}
	return nil
}

func serviceNames(e v1alpha1.Experiment) []string {
	var out []string
	for _, s := range e.Spec.Services {
		out = append(out, s.Name)
	}
	return out
}
