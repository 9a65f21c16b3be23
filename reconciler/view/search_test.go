package view

import (
	"bytes"
	"strings"
	"testing"

	"assay/api/v1alpha1"
)

// TestDescribeSearch prints the answer of a search, what it cost, and its curve.
func TestDescribeSearch(t *testing.T) {
	b := v1alpha1.BenchmarkStatus{Name: "capacity", Searches: []v1alpha1.SearchStatus{{Benchmark: "capacity", By: "rate", Load: "rate", Point: map[string]string{"nodes": "2"}, Reason: "SearchFound",
		Message: "the highest rate that keeps the objective is 11.8; 12.4 does not", Runs: 3, NodeHours: 0.5, Loads: []v1alpha1.SearchLoad{
			{Load: 11.8, Runs: 2, Verdict: v1alpha1.LoadKept, Parts: []v1alpha1.SearchPart{{Part: "ttft_p99", Requests: 4000, Share: 0.995, Lo: 0.992, Hi: 0.997, Least: 0.99}}},
			{Load: 12.4, Runs: 1, Verdict: v1alpha1.LoadMissed, Why: "Overloaded"}}}}}
	var out bytes.Buffer
	describer{w: &out}.searches(b)
	for _, want := range []string{"nodes=2  SearchFound: the highest rate", "3 runs, 0.50 node-hours", "rate 11.8", "Kept", "ttft_p99 99.50% [99.20, 99.70] of 4000 requests, 99% wanted", "Missed (Overloaded)"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
	lines := searchLines("e", b)
	if len(lines) != 1 || lines[0].Object != "e/capacity search at nodes=2" || lines[0].State != "Searched" {
		t.Errorf("%+v", lines)
	}
	b.Searches[0].Reason = "InProgress"
	if lines = searchLines("e", b); lines[0].State != "Searching" {
		t.Errorf("%+v", lines)
	}
}
