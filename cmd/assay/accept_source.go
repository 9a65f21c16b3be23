package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/go-multierror"

	"assay/api/v1alpha1"
	"assay/drivers/source"
	"assay/reconciler/accept"
	"assay/reconciler/plan"
)

// accept takes one delivery and prints what came of it. A bad one changes nothing.
func (f *follower) accept(d delivery) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if d.note != "" {
		f.a.note("%s: %s", f.verb, d.note)
		return
	}
	f.again = nil
	err := f.take(d)
	if err != nil && err.Error() != f.said {
		f.a.note("%s: %v", f.verb, err)
	}
	f.said = ""
	if f.again != nil {
		f.said = err.Error()
	}
}

// retry takes a delivery once more that could not be stored: the source does not deliver it again.
func (f *follower) retry() {
	if f.again != nil {
		f.accept(*f.again)
	}
}

// take turns one delivery into revisions, prunes or reports what left the source, and records how it went.
func (f *follower) take(d delivery) error {
	if d.err != nil {
		f.fail(d, d.err)
		return fmt.Errorf("%w; the last good revision stays", d.err)
	}
	m, site, err := f.a.load(d.in)
	if err != nil {
		f.fail(d, err)
		return fmt.Errorf("%snot applied, the last good revision stays:\n%w", commitPrefix(d), err)
	}
	if err := f.open(site); err != nil {
		if f.store == nil {
			f.again = &d
		}
		f.fail(d, err)
		return err
	}
	b := f.batch(d.in)
	var errs []error
	record := plan.Source{Owner: accept.Owner(b.Origin), Origin: b.Origin, Refused: map[string]string{}, Budget: f.budget}
	if err := f.store.PutBudget(record.Owner, b.Origin, f.budget); err != nil { // before anything is submitted
		f.again = &d
		return err
	}
	for _, p := range m.Refused {
		record.Sites = append(record.Sites, p.Error())
	}
	f.revs, f.refused, f.good = nil, nil, true
	for _, doc := range m.Experiments {
		record.Experiments = append(record.Experiments, doc.Metadata.Name)
		revs, err := f.a.accept(b, v1alpha1.Manifest{Experiments: []v1alpha1.ExperimentDoc{doc}})
		if err != nil {
			record.Refused[doc.Metadata.Name] = err.Error()
			errs = append(errs, err)
			if !errors.Is(err, accept.ErrRefused) {
				f.again = &d
			} else if _, ok, _ := f.store.Head(doc.Metadata.Name); ok {
				f.refused = append(f.refused, doc.Metadata.Name)
			}
		}
		f.revs = append(f.revs, revs...)
	}
	if err := errors.Join(f.left(b, m), f.store.PutSource(record)); err != nil {
		errs, f.again = append(errs, err), &d
	}
	return errors.Join(errs...)
}

func (f *follower) batch(in source.Input) accept.Batch {
	b := f.a.batch(f.store, f.site, in.Origin, f.prune)
	b.Adopt, b.Holds = f.adopt, f.holds
	return b
}

// left deals with experiments of this source that it no longer holds: with --prune they are deleted, else reported as
// OutOfSync, once; the loop makes that a condition.
func (f *follower) left(b accept.Batch, m v1alpha1.Manifest) error {
	heads, err := b.Gone(m.Experiments)
	if err != nil {
		return err
	}
	f.gone = nil
	for _, h := range heads {
		name := h.Experiment
		f.gone = append(f.gone, name)
		if f.prune {
			if err := b.Delete(h); err != nil {
				return err
			}
			fmt.Fprintf(f.a.out, "experiment/%s deleting\n", name)
			continue
		}
		if !f.reported[name] {
			f.reported[name] = true
			f.a.note("experiment/%s OutOfSync: %s no longer holds it; it stays up until: assay delete experiment %s, or %s with --prune", name, b.Origin.Path, name, f.verb)
		}
	}
	for _, doc := range m.Experiments {
		delete(f.reported, doc.Metadata.Name) // it is back
	}
	return nil
}

// fail records a delivery that could not be applied: the loop makes a condition of it. Before the first good delivery that
// is possible only for experiments that the source brought earlier.
func (f *follower) fail(d delivery, why error) {
	f.good = false
	f.resume(d.in.Origin)
	if f.store == nil || d.in.Origin.Path == "" {
		return
	}
	record, err := f.store.Source(accept.Owner(d.in.Origin))
	if err == nil {
		record.Owner, record.Origin = accept.Owner(d.in.Origin), d.in.Origin
		record.Broken, record.Unreadable = brief(why), ""
		if d.err != nil && d.in.Origin.Commit == "" {
			record.Broken, record.Unreadable = "", brief(why)
		}
		err = f.store.PutSource(record)
	}
	if err != nil {
		f.a.note("%s: %v", f.verb, err)
	}
}

// brief is the first problem of a manifest with its place, and how many more there are.
func brief(err error) string {
	if all, ok := errors.AsType[*multierror.Error](err); ok && len(all.Errors) > 1 {
		return fmt.Sprintf("%v; and %d more", all.Errors[0], len(all.Errors)-1)
	}
	return strings.Join(strings.Fields(err.Error()), " ")
}

// commitPrefix names the commit of a delivery, for messages.
func commitPrefix(d delivery) string {
	o := d.in.Origin
	if o.Source != "sync" {
		return ""
	}
	who := ""
	if o.Author != "" {
		who = " by " + o.Author
	}
	return fmt.Sprintf("commit %.10s%s (%s): ", o.Commit, who, o.Subject)
}

// removes names what an edit would take away. An edit that cannot be read or is not valid takes nothing away.
func (f *follower) removes(in source.Input) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	m, site, err := f.a.load(in)
	if err != nil {
		return nil
	}
	st, site, err := f.a.open(site)
	if err != nil {
		return nil
	}
	b := f.a.batch(st, site, in.Origin, f.prune)
	names, err := b.Removes(m.Experiments)
	if err != nil {
		f.a.note("%s: %v", f.verb, err)
	}
	return slices.Compact(names)
}
