package plan

import (
	"slices"
	"testing"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// TestAim: the load of a search's run is in its request, and in no other's.
func TestAim(t *testing.T) {
	serving, vector := v1alpha1.Serving{Prompts: 10}, v1alpha1.Vector{Vectors: 10}
	want := func(by string, load float64) *wantedRun {
		return &wantedRun{Benchmark: &Benchmark{Search: &Search{By: by}}, search: &searching{}, load: load}
	}
	req := drivers.SuiteRequest{Serving: &serving}
	if want(v1alpha1.SearchRate, 2.5).aim(&req); req.Serving.Rate != 2.5 || req.Serving.Concurrency != 0 {
		t.Errorf("%+v", req.Serving)
	}
	req = drivers.SuiteRequest{Serving: &serving}
	if want(v1alpha1.SearchConcurrency, 3).aim(&req); req.Serving.Concurrency != 3 || req.Serving.Rate != 0 {
		t.Errorf("%+v", req.Serving)
	}
	req = drivers.SuiteRequest{Vector: &vector}
	if want(v1alpha1.SearchRate, 2.5).aim(&req); req.Vector.Rate != 2.5 || req.Vector.Concurrency != nil {
		t.Errorf("%+v", req.Vector)
	}
	req = drivers.SuiteRequest{Vector: &vector}
	if want(v1alpha1.SearchConcurrency, 3).aim(&req); !slices.Equal(req.Vector.Concurrency, []int{3}) || req.Vector.Rate != 0 {
		t.Errorf("%+v", req.Vector)
	}
	if serving.Rate != 0 || vector.Concurrency != nil {
		t.Error("the benchmark's own request was changed")
	}
	(&wantedRun{}).aim(&req)
}
