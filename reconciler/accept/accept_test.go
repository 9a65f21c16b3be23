package accept

import (
	"errors"
	"strings"
	"testing"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/store"
)

func doc(name string, services ...string) v1alpha1.ExperimentDoc {
	d := v1alpha1.ExperimentDoc{}
	d.Metadata.Name = name
	for _, s := range services {
		d.Spec.Services = append(d.Spec.Services, v1alpha1.Service{Name: s})
	}
	return d
}

func batch(t *testing.T, source string) Batch {
	t.Helper()
	st, err := store.Open(t.TempDir(), store.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	return Batch{Store: st, Origin: drivers.Origin{Source: source, Path: "/p"},
		Secrets: func(d v1alpha1.ExperimentDoc, _ func(string) (string, error)) (v1alpha1.ExperimentDoc, error) {
			if d.Metadata.Name == "secret" {
				return d, errors.New("no secret here")
			}
			return d, nil
		}}
}

// TestAccept stores what can be stored, keeps the rest as it was, and stores nothing twice.
func TestAccept(t *testing.T) {
	b := batch(t, "apply")
	for _, c := range []struct {
		doc   v1alpha1.ExperimentDoc
		prune bool
		want  string
	}{
		{doc("e", "a", "b"), false, "created"},
		{doc("e", "a", "b"), false, "unchanged"},
		{doc("e", "a"), false, "configured"},
		{doc("e"), false, "experiment e was left as it is: "},
		{doc("secret"), false, "no secret here"},
		{doc("e"), true, "configured"},
	} {
		b.Prune = c.prune
		revs, err := b.Preview([]v1alpha1.ExperimentDoc{c.doc})
		if err == nil && (len(revs) != 1 || revs[0].Owner != "apply") {
			t.Errorf("previewed %+v", revs)
		}
		got, err := b.Accept([]v1alpha1.ExperimentDoc{c.doc, doc("other", "x")})
		if err != nil && !strings.HasPrefix(err.Error(), c.want) || err == nil && string(got[0].Outcome) != c.want {
			t.Errorf("%s with %d services: %+v, %v; want %s", c.doc.Metadata.Name, len(c.doc.Spec.Services), got, err, c.want)
		}
		if last := got[len(got)-1]; last.Experiment != "other" {
			t.Errorf("the other experiment was not accepted: %+v", got)
		}
	}
}

// TestGone names what this source brought and no longer holds, and nothing of another owner.
func TestGone(t *testing.T) {
	b := batch(t, "watch")
	if _, err := b.Accept([]v1alpha1.ExperimentDoc{doc("one", "a"), doc("two", "a")}); err != nil {
		t.Fatal(err)
	}
	hand := b
	hand.Origin.Source = "apply"
	if _, err := hand.Accept([]v1alpha1.ExperimentDoc{doc("by-hand", "a")}); err != nil {
		t.Fatal(err)
	}
	gone, err := b.Gone([]v1alpha1.ExperimentDoc{doc("one", "a")})
	if err != nil || len(gone) != 1 || gone[0].Experiment != "two" {
		t.Fatalf("%+v, %v", gone, err)
	}
	if err := b.Delete(gone[0]); err != nil {
		t.Fatal(err)
	}
	if head, _, err := b.Store.Head("two"); err != nil || !head.Deleting {
		t.Errorf("%+v, %v", head, err)
	}
	if gone, err := b.Gone([]v1alpha1.ExperimentDoc{doc("one", "a")}); err != nil || len(gone) != 0 {
		t.Errorf("it is deleted already: %+v, %v", gone, err)
	}
}

// TestUndo goes back one revision, or to a number, as a new revision of the same owner.
func TestUndo(t *testing.T) {
	b := batch(t, "watch")
	for _, services := range [][]string{{"a"}, {"a", "b"}, {"a", "b", "c"}} {
		if _, err := b.Accept([]v1alpha1.ExperimentDoc{doc("e", services...)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		to       int64
		services int
		path     string
	}{{0, 2, "revision 2"}, {1, 1, "revision 1"}} {
		got, err := Undo(b.Store, "e", c.to, false, drivers.Origin{Source: "undo"})
		if err != nil || len(got.Spec.Spec.Services) != c.services || got.Origin.Path != c.path || got.Owner != "watch:/p" || got.Outcome != store.Configured {
			t.Errorf("to %d: %+v, %v", c.to, got, err)
		}
	}
	for name, want := range map[string]string{"none": "assay get experiments", "e": "assay history e"} {
		if _, err := Undo(b.Store, name, 99, false, drivers.Origin{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
