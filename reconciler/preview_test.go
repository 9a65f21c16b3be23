package reconciler

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/reconciler/store"
)

func TestPreview(t *testing.T) {
	w := calm(t)
	preview := func() []string {
		t.Helper()
		l := &Loop{Store: w.store, Site: w.loop.Site, Scheduler: w.cluster, Compile: compileSim, Probe: w.loop.Probe, Policy: w.loop.Policy, Clock: w.cluster.Now}
		before := tree(t, w.dir)
		steps, err := l.Preview(t.Context(), []store.Revision{{Experiment: "exp", Prune: true, Spec: w.manifest(), Site: w.loop.Site}})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, tree(t, w.dir)); diff != "" {
			t.Errorf("a preview changed the state directory: %s", diff)
		}
		var out []string
		for _, s := range steps {
			out = append(out, s.Symbol+" "+s.Object)
		}
		return out
	}
	for _, c := range []struct {
		edit func()
		want []string
	}{
		{func() {}, []string{"+ exp/llm/0", "+ exp/web/0", "+ run exp/bench/1", "+ run exp/bench/2", "+ run exp/fetch/1"}},
		{func() { w.settled(t) }, nil},
		{func() { w.limit = time.Hour }, []string{"~ exp/llm/0"}},
		{func() { w.limit, w.web = 12*time.Hour, false }, []string{"- exp/web/0"}},
		{func() { w.web, w.webNodes = true, 2 }, []string{"-/+ exp/web/0"}},
		{func() { w.webNodes, w.slots = 1, 2 }, []string{"+ exp/llm/1"}},
		{func() { w.slots = 1 }, nil},
	} {
		c.edit()
		if diff := cmp.Diff(c.want, preview()); diff != "" {
			t.Error(diff)
		}
	}
	w.cluster.Freeze()
	l := &Loop{Store: w.store, Scheduler: w.cluster, Compile: compileSim, Probe: w.loop.Probe, Clock: w.cluster.Now}
	if _, err := l.Preview(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "unknown") {
		t.Errorf("with the scheduler away a preview is no answer, got %v", err)
	}
}

// tree maps every file below dir to its content.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		out[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
