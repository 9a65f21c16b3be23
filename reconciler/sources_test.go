package reconciler

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/plan"
)

// TestABrokenCommitIsSeen: it is a condition and an event of its source's experiments, which go on; a good commit clears it,
// and a controller that starts repeats nothing.
func TestABrokenCommitIsSeen(t *testing.T) {
	w := calm(t)
	w.settled(t)
	before := w.jobOf("llm")
	const owner = "sync:first:."
	head, _, err := w.store.Head("exp")
	if err != nil {
		t.Fatal(err)
	}
	head.Owner = owner
	if _, _, err := w.store.Accept(head); err != nil {
		t.Fatal(err)
	}
	commit := func(hash string) drivers.Origin {
		return drivers.Origin{Source: "sync", Path: "/r#.", Commit: hash, Author: "Ann", Subject: "Edit"}
	}
	good := plan.Source{Owner: owner, Origin: commit("aaaa"), Experiments: []string{"exp"}}
	broken := good
	broken.Origin, broken.Broken = commit("bbbb"), "e.yaml:8:3: wrong"
	site := good
	site.Origin, site.Sites = commit("dddd"), []string{"s.yaml:1:1: not taken"}
	again := site
	again.Origin = commit("eeee")
	claim := plan.Source{Owner: "sync:second:.", Origin: drivers.Origin{Source: "sync", Path: "/other#."}, Refused: map[string]string{"exp": "left; add --adopt"}}
	removed := plan.Source{Owner: owner, Origin: commit("cccc")}
	for _, c := range []struct {
		src    plan.Source
		status string
		reason plan.Reason
	}{
		{good, v1alpha1.True, plan.InSync},
		{broken, v1alpha1.False, plan.BrokenCommit},
		{broken, v1alpha1.False, plan.BrokenCommit},
		{good, v1alpha1.True, plan.InSync},
		{site, v1alpha1.True, plan.SiteNotTaken},
		{again, v1alpha1.True, plan.SiteNotTaken},
		{claim, v1alpha1.False, plan.AnotherOwner},
		{removed, v1alpha1.False, plan.OutOfSync},
	} {
		if err := w.store.PutSource(c.src); err != nil {
			t.Fatal(err)
		}
		w.until(t, string(c.reason), func() bool {
			st, _, err := w.store.Status("exp")
			got := v1alpha1.Find(st.Conditions, v1alpha1.Synced)
			return err == nil && got.Status == c.status && got.Reason == string(c.reason)
		})
		w.restart()
		w.pass()
	}
	events, err := w.store.Events("exp")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range events {
		if slices.Contains([]string{"InSync", "BrokenCommit", "OutOfSync", "SiteNotTaken", "AnotherOwner"}, e.Reason) {
			got = append(got, e.Type+" "+e.Object+" "+e.Reason+": "+e.Message)
		}
	}
	want := []string{
		"Warning experiment/exp BrokenCommit: commit bbbb by Ann (Edit) was not applied: e.yaml:8:3: wrong",
		"Normal experiment/exp InSync: commit aaaa by Ann (Edit)",
		"Warning experiment/exp SiteNotTaken: commit dddd by Ann (Edit); s.yaml:1:1: not taken",
		"Warning experiment/exp AnotherOwner: /other#. declares it too: left; add --adopt",
		"Warning experiment/exp OutOfSync: /r#. no longer holds it",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if now := w.jobOf("llm"); now.ID != before.ID {
		t.Errorf("job %s became %s", before.ID, now.ID)
	}
}
