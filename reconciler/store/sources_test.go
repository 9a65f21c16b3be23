package store

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/drivers"
	"assay/reconciler/plan"
)

// TestSources keeps one record a source, also of a long owner, and goes on without one that is damaged.
func TestSources(t *testing.T) {
	s := open(t, t.TempDir())
	if all, err := s.Sources(); err != nil || len(all) != 0 {
		t.Errorf("at first: %+v %v", all, err)
	}
	a := plan.Source{Owner: "sync:0123:.", Origin: drivers.Origin{Source: "sync", Commit: "c"}, Experiments: []string{"e"}}
	b := plan.Source{Owner: "watch:/" + strings.Repeat("long/", 100), Broken: "b"}
	for _, src := range []plan.Source{a, b, a} {
		check(t, s.PutSource(src))
	}
	got, err := s.Source(a.Owner)
	check(t, err)
	if d := cmp.Diff(a, got); d != "" {
		t.Error(d)
	}
	if all, err := s.Sources(); err != nil || len(all) != 2 {
		t.Errorf("%+v %v", all, err)
	}
	check(t, os.WriteFile(s.sourcePath(a.Owner), []byte("{"), 0o600))
	if all, err := s.Sources(); err != nil || len(all) != 1 || all[0].Owner != b.Owner {
		t.Errorf("with a damaged one: %+v %v", all, err)
	}
	check(t, s.PutSource(a))
	if all, err := s.Sources(); err != nil || len(all) != 2 {
		t.Errorf("mended: %+v %v", all, err)
	}
}
