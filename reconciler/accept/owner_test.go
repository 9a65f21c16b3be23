package accept

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// from makes batches of one store, each from another source.
func from(b Batch, o drivers.Origin) Batch {
	b.Origin = o
	return b
}

var (
	hand     = drivers.Origin{Source: "apply", Path: "/w/sub/e.yaml"}
	absolute = drivers.Origin{Source: "sync", Path: "/repo#exp", Identity: "first:exp", Commit: "c2"}
	overSSH  = drivers.Origin{Source: "sync", Path: "git@host:repo#exp", Identity: "first:exp", Commit: "c2"}
	elseIn   = drivers.Origin{Source: "sync", Path: "/repo#other", Identity: "first:other"}
	shallow  = drivers.Origin{Source: "sync", Path: "/repo#exp"}
	folder   = drivers.Origin{Source: "watch", Path: "/w"}
	elseways = drivers.Origin{Source: "watch", Path: "/v"}
)

// TestWhoMayChangeAnExperiment: a source changes only what is its own, unless it is told to adopt; a user may always.
func TestWhoMayChangeAnExperiment(t *testing.T) {
	for name, c := range map[string]struct {
		first, second drivers.Origin
		adopt         bool
		want          string // a part of the refusal; empty: it is changed
	}{
		"by hand, then by hand":           {hand, hand, false, ""},
		"by hand, then sync":              {hand, absolute, false, "experiment e was left as it is: it was applied by hand (/w/sub/e.yaml); to hand it over, add --adopt; to keep it, rename one of the two"},
		"by hand, then an adopting sync":  {hand, absolute, true, ""},
		"by hand, then a watch of it":     {hand, folder, false, ""},
		"by hand, then another watch":     {hand, elseways, false, "applied by hand"},
		"two addresses of a repository":   {absolute, overSSH, false, ""},
		"two paths of a repository":       {absolute, elseIn, false, "it belongs to sync:first:exp; to hand it over, add --adopt; to keep it, rename one of the two"},
		"sync, then watch":                {absolute, folder, false, "it belongs to sync:first:exp"},
		"sync, then a user":               {absolute, hand, false, ""},
		"one address, without identity":   {shallow, shallow, false, ""},
		"once shallow, then with history": {shallow, absolute, false, ""},
		"watch, then another watch":       {folder, elseways, false, "it belongs to watch:/w"},
	} {
		b := batch(t, "apply")
		if _, err := from(b, c.first).Accept([]v1alpha1.ExperimentDoc{doc("e", "a")}); err != nil {
			t.Fatal(err)
		}
		second := from(b, c.second)
		second.Adopt = c.adopt
		got, err := second.Accept([]v1alpha1.ExperimentDoc{doc("e", "a", "b")})
		head, _, _ := b.Store.Head("e")
		switch {
		case c.want == "" && (err != nil || got[0].Outcome != store.Configured || head.Owner != Owner(c.second)):
			t.Errorf("%s: %+v, now of %s, %v", name, got, head.Owner, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !errors.Is(err, ErrRefused) || head.Generation != 1):
			t.Errorf("%s: %v", name, err)
		}
		if gone, err := second.Gone(nil); err != nil || (len(gone) == 1) != (c.want == "") {
			t.Errorf("%s: it would prune %+v %v", name, gone, err)
		}
	}
}

// TestApplyingTheSameByHandChangesNoOwner: the source goes on following what it brought.
func TestApplyingTheSameByHandChangesNoOwner(t *testing.T) {
	b := batch(t, "apply")
	same := []v1alpha1.ExperimentDoc{doc("e", "a")}
	if _, err := from(b, absolute).Accept(same); err != nil {
		t.Fatal(err)
	}
	got, err := from(b, hand).Accept(same)
	if err != nil || got[0].Outcome != store.Unchanged || got[0].Owner != Owner(absolute) {
		t.Errorf("%+v %v", got, err)
	}
}

// TestOlderOwners: a state directory from before repositories had an identity names them as they were typed. They are
// recognised by the address or by a commit, and get the identity as soon as their source delivers, without a repeated run.
func TestOlderOwners(t *testing.T) {
	for name, c := range map[string]struct {
		older string
		holds string // the commit that the repository holds
		known bool
	}{
		"the same address":                    {"sync:/repo#exp", "", true},
		"a relative path, its commit is here": {"sync:../repo#exp", "c1", true},
		"another address, another repository": {"sync:https://host/fork#exp", "c9", false},
		"another path":                        {"sync:/repo#other", "c1", false},
		"a watch":                             {"watch:/repo#exp", "c1", false},
	} {
		b := batch(t, "apply")
		spec := doc("e", "a")
		rev := store.Revision{Experiment: "e", Owner: c.older, Origin: drivers.Origin{Source: "sync", Commit: "c1"}, Spec: spec.Experiment}
		old, _, err := b.Store.Accept(rev)
		if err != nil {
			t.Fatal(err)
		}
		b = from(b, absolute)
		b.Holds = func(commit string) bool { return commit == c.holds }
		if gone, err := b.Gone(nil); err != nil || (len(gone) == 1) != c.known {
			t.Errorf("%s: its own are %+v %v", name, gone, err)
		}
		got, err := b.Accept([]v1alpha1.ExperimentDoc{spec})
		if !c.known {
			if err == nil {
				t.Errorf("%s: taken over: %+v", name, got)
			}
			continue
		}
		if err != nil || got[0].Owner != Owner(absolute) || got[0].Incarnation != old.Incarnation || got[0].Hash != old.Hash {
			t.Errorf("%s: %+v %v", name, got, err)
		}
		if again, err := b.Accept([]v1alpha1.ExperimentDoc{spec}); err != nil || again[0].Outcome != store.Unchanged {
			t.Errorf("%s: and again: %+v %v", name, again, err)
		}
	}
}

// TestRemoves names what an edit takes away: services and benchmarks of its own experiments, and experiments that were in
// the last delivery, or are pruned.
func TestRemoves(t *testing.T) {
	b := from(batch(t, "watch"), folder)
	with := func(d v1alpha1.ExperimentDoc, benchmark string) v1alpha1.ExperimentDoc {
		d.Spec.Benchmarks = []v1alpha1.Benchmark{{Name: benchmark}}
		return d
	}
	one, two := with(doc("one", "a", "b"), "q"), doc("two", "a")
	if _, err := b.Accept([]v1alpha1.ExperimentDoc{one, two}); err != nil {
		t.Fatal(err)
	}
	if _, err := from(b, drivers.Origin{Source: "apply", Path: "/elsewhere"}).Accept([]v1alpha1.ExperimentDoc{doc("hand", "x", "y")}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		docs  []v1alpha1.ExperimentDoc
		held  []string // experiments of the last delivery
		prune bool
		want  []string
	}{
		"nothing":                      {[]v1alpha1.ExperimentDoc{one, two}, []string{"one", "two"}, false, nil},
		"more":                         {[]v1alpha1.ExperimentDoc{with(doc("one", "c", "b", "a"), "q"), two, doc("three", "a")}, nil, false, nil},
		"a service and a benchmark":    {[]v1alpha1.ExperimentDoc{with(doc("one", "a"), "r"), two}, nil, false, []string{"service one/b", "benchmark one/q"}},
		"an experiment":                {[]v1alpha1.ExperimentDoc{one}, []string{"one", "two"}, false, []string{"experiment two"}},
		"it was gone before":           {[]v1alpha1.ExperimentDoc{one}, []string{"one"}, false, nil},
		"it was gone, but prunes now":  {[]v1alpha1.ExperimentDoc{one}, []string{"one"}, true, []string{"experiment two"}},
		"of an experiment of a user's": {[]v1alpha1.ExperimentDoc{one, two, doc("hand", "x")}, nil, false, nil},
	} {
		if err := b.Store.PutSource(plan.Source{Owner: Owner(folder), Experiments: c.held}); err != nil {
			t.Fatal(err)
		}
		b.Prune = c.prune
		got, err := b.Removes(c.docs)
		if d := cmp.Diff(c.want, got); d != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, d)
		}
	}
}
