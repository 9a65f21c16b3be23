package accept

import (
	"errors"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/store"
)

// TestUndoOfADeletion brings an experiment back as it was, until it is purged.
func TestUndoOfADeletion(t *testing.T) {
	b := batch(t, "apply")
	for _, services := range [][]string{{"a"}, {"a", "b"}} {
		if _, err := b.Accept([]v1alpha1.ExperimentDoc{doc("e", services...)}); err != nil {
			t.Fatal(err)
		}
	}
	l, err := b.Store.Acquire(t.Context(), "test", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	gone := func() store.Revision {
		t.Helper()
		head, _, err := b.Store.Head("e")
		if err == nil {
			err = errors.Join(b.Delete(head), b.Store.Forget(l, "e"))
		}
		if err != nil {
			t.Fatal(err)
		}
		rev, _, _, err := b.Store.Newest("e")
		if err != nil {
			t.Fatal(err)
		}
		return rev
	}
	gone()
	got, err := Undo(b.Store, "e", 0, false, drivers.Origin{Source: "undo"})
	if err != nil || len(got.Spec.Spec.Services) != 2 || got.Origin.Path != "revision 2" || got.Deleting || got.Outcome != store.Created || got.Generation != 4 {
		t.Errorf("%+v, %v", got, err)
	}
	gone()
	if got, err = Undo(b.Store, "e", 1, false, drivers.Origin{Source: "undo"}); err != nil || len(got.Spec.Spec.Services) != 1 {
		t.Errorf("to 1: %+v, %v", got, err)
	}
	if last := gone(); b.Store.Purge(last) != nil {
		t.Fatal("not purged")
	}
	if _, err = Undo(b.Store, "e", 0, false, drivers.Origin{}); err == nil || !strings.Contains(err.Error(), `no experiment "e"`) {
		t.Error(err)
	}
}

// TestReplace: what a source brings is not edited here, and of two edits of one revision the second is refused.
func TestReplace(t *testing.T) {
	followed := batch(t, "watch")
	if _, err := followed.Accept([]v1alpha1.ExperimentDoc{doc("e", "a")}); err != nil {
		t.Fatal(err)
	}
	if _, err := Editable(followed.Store, "e"); !errors.Is(err, ErrRefused) || !strings.HasSuffix(err.Error(), "edit it in /p") {
		t.Error(err)
	}
	b := batch(t, "apply")
	if _, err := b.Accept([]v1alpha1.ExperimentDoc{doc("e", "a", "b")}); err != nil {
		t.Fatal(err)
	}
	was, err := Editable(b.Store, "e")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Replace(was, doc("e")); !errors.Is(err, ErrRefused) { // it would remove everything
		t.Error(err)
	}
	if got, err := b.Replace(was, doc("e", "a")); err != nil || got.Outcome != store.Configured {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := b.Replace(was, doc("e", "a", "b", "c")); !errors.Is(err, store.ErrChanged) {
		t.Error(err)
	}
	if _, err := Editable(b.Store, "none"); err == nil {
		t.Error("what is not there can be edited")
	}
}

// TestKeeping reads only secrets that are new: the others stay as they are stored.
func TestKeeping(t *testing.T) {
	was := store.Revision{}
	was.Spec.Spec.Services = []v1alpha1.Service{{Name: "a", Secrets: map[string]v1alpha1.Secret{"KEPT": {Env: "KEPT", Digest: "old"}, "MOVED": {Env: "HERE", Digest: "old"}}}}
	var asked []string
	read := func(d v1alpha1.ExperimentDoc, keep func(string) (string, error)) (v1alpha1.ExperimentDoc, error) {
		for i, s := range d.Spec.Services {
			for name, ref := range s.Secrets {
				asked = append(asked, s.Name+"."+name)
				ref.Digest, _ = keep("value of " + name)
				d.Spec.Services[i].Secrets[name] = ref
			}
		}
		return d, nil
	}
	d := doc("e", "a", "b")
	d.Spec.Services[0].Secrets = map[string]v1alpha1.Secret{"KEPT": {Env: "KEPT"}, "MOVED": {Env: "THERE"}}
	got, err := Keeping(was, read)(d, func(v string) (string, error) { return "new", nil })
	if err != nil || len(asked) != 1 || asked[0] != "a.MOVED" {
		t.Errorf("read %v, %v", asked, err)
	}
	if s := got.Spec.Services[0].Secrets; s["KEPT"].Digest != "old" || s["MOVED"].Digest != "new" || s["MOVED"].Env != "THERE" || got.Spec.Services[1].Secrets != nil {
		t.Errorf("%+v", got.Spec.Services)
	}
}
