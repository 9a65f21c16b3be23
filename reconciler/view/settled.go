package view

import (
	"errors"
	"fmt"
	"strings"

	"assay/api/v1alpha1"
	"assay/reconciler/store"
)

// StatusesOf are the statuses of experiments whose revisions were acted on, and that answer the request; the others are
// left out. They come with the runs that have ended last. See store.RequestPass; request 0 is answered by all.
func StatusesOf(st *store.Store, revs []store.Revision, request int64) ([]v1alpha1.ExperimentStatus, error) {
	var out []v1alpha1.ExperimentStatus
	for _, r := range revs {
		e, ok, err := st.Status(r.Experiment)
		if err != nil {
			return nil, err
		}
		if ok && e.Generation >= r.Generation && e.Answered >= request {
			if e, err = withRecent(st, e); err != nil {
				return nil, err
			}
			out = append(out, e)
		}
	}
	return out, nil
}

// Settled reports whether nothing more will happen by itself: the experiment is Stalled, or everything is up and every
// run has ended.
func Settled(e v1alpha1.ExperimentStatus) bool {
	if is(e.Conditions, v1alpha1.Stalled) {
		return true
	}
	return is(e.Conditions, v1alpha1.Complete) && !is(e.Conditions, v1alpha1.Reconciling)
}

// Failures is an error that names what is Stalled or Failed, with what to type next, or nil.
func Failures(all []v1alpha1.ExperimentStatus) error {
	var bad []string
	for _, e := range all {
		for _, v := range e.Services {
			if c := v1alpha1.Find(v.Conditions, v1alpha1.Stalled); c.Status == v1alpha1.True {
				bad = append(bad, fmt.Sprintf("service %s/%s is stalled (%s): %s; look: assay logs %s/%s", e.Name, v.Name, c.Reason, c.Message, e.Name, v.Name))
			}
		}
		for _, b := range e.Benchmarks {
			if c := v1alpha1.Find(b.Conditions, v1alpha1.Failed); c.Status == v1alpha1.True {
				bad = append(bad, fmt.Sprintf("benchmark %s/%s failed (%s): %s; look: assay describe benchmark %s/%s", e.Name, b.Name, c.Reason, c.Message, e.Name, b.Name))
			}
		}
		if c := v1alpha1.Find(e.Conditions, v1alpha1.Stalled); c.Status == v1alpha1.True && len(bad) == 0 {
			bad = append(bad, fmt.Sprintf("experiment %s is stalled (%s): %s", e.Name, c.Reason, c.Message))
		}
	}
	if len(bad) == 0 {
		return nil
	}
	return errors.New(strings.Join(bad, "\nassay: "))
}

// Unsettled is why an experiment does not come to an end: broken is its own fault, unended that of others, or of the time that it
// had. Both are empty for one that has settled well.
func Unsettled(e v1alpha1.ExperimentStatus) (broken, unended string) {
	if err := Failures([]v1alpha1.ExperimentStatus{e}); err != nil && is(e.Conditions, v1alpha1.Stalled) {
		if v1alpha1.Find(e.Conditions, v1alpha1.WithinBudget).Status == v1alpha1.False {
			return "", err.Error()
		}
		return err.Error(), ""
	}
	if !Settled(e) {
		c := v1alpha1.Find(e.Conditions, v1alpha1.Complete)
		return "", "it has not ended: " + c.Message
	}
	return "", ""
}
