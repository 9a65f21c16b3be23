package reconciler

import (
	"fmt"
	"testing"

	"assay/api/v1alpha1"
	"assay/reconciler/store"
)

// wideRevision declares n services with a benchmark each.
func wideRevision(n int) store.Revision {
	rev := testRevision()
	s, b := rev.Spec.Spec.Services[0], rev.Spec.Spec.Benchmarks[0]
	rev.Spec.Spec.Services, rev.Spec.Spec.Benchmarks = nil, nil
	for i := range n {
		s.Name, b.Name, b.Target = fmt.Sprintf("s%d", i), fmt.Sprintf("b%d", i), fmt.Sprintf("s%d", i)
		rev.Spec.Spec.Services, rev.Spec.Spec.Benchmarks = append(rev.Spec.Spec.Services, s), append(rev.Spec.Spec.Benchmarks, b)
	}
	return rev
}

// sweptRevision sweeps one service over n models.
func sweptRevision(n int) store.Revision {
	rev := testRevision()
	var models []any
	for i := range n {
		models = append(models, fmt.Sprintf("m%d", i))
	}
	rev.Spec.Spec.Sweep = &v1alpha1.Sweep{Matrix: map[string][]any{"services.llm.vllm.model": models}}
	return rev
}

// TestCompileAllocations holds the cost of compiling a revision, by what it declares. A revision is compiled once.
func TestCompileAllocations(t *testing.T) {
	for name, c := range map[string]struct {
		revision func(n int) store.Revision
		most     float64 // for each
	}{
		"services": {wideRevision, 54},
		"points":   {sweptRevision, 180},
	} {
		t.Run(name, func(t *testing.T) {
			count := func(n int) float64 {
				rev := c.revision(n)
				return testing.AllocsPerRun(3, func() {
					if _, err := compile(rev, compileSim); err != nil {
						t.Fatal(err)
					}
				})
			}
			ten, hundred := count(10), count(100)
			if hundred > 100*c.most || hundred > 10.5*ten {
				t.Errorf("10 %s: %.0f allocations; 100: %.0f; at most %.0f for each are allowed, and in proportion", name, ten, hundred, c.most)
			}
		})
	}
}
