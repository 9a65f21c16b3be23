package report

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"assay/drivers"
)

// TestColumnsOfCSV: programs read these names, so they stay; each is described, once, and says what it says it does.
func TestColumnsOfCSV(t *testing.T) {
	var names []string
	for _, c := range Columns() {
		names = append(names, c.Name)
		if !strings.HasSuffix(c.Meaning, ".") || len(c.Meaning) < 10 {
			t.Errorf("%s is not described: %q", c.Name, c.Meaning)
		}
	}
	want := strings.Fields("experiment benchmark repeat run revision phase valid simulated engine started ended commit model server_version assay_version deployment nodes gpus gpu_model gpu_driver cpu_model job seed reasons")
	if !slices.Equal(names, want) {
		t.Fatalf("columns %q\nwant    %q", names, want)
	}
	full := row(map[string]string{"concurrency": "8"}, 2, map[string]float64{"ttft_median_ms": 20.5})
	full.Commit, full.Model, full.JobID, full.Deployment, full.Seed = "0123abc", "meta/llama", "77", "d1", 9
	full.Versions = map[string]string{"server": "0.10.2", "assay": "v1"}
	full.Reasons = []drivers.Reason{{Reason: "TooFewSamples"}, {Reason: "NoInterval"}}
	card := drivers.GPU{Model: "NVIDIA H200", Driver: "570.1"}
	full.Hardware = []drivers.Node{{Name: "n1", CPU: "EPYC", GPUs: []drivers.GPU{card, card}}, {Name: "n2", CPU: "EPYC", GPUs: []drivers.GPU{card, card}}}
	bare := row(map[string]string{"concurrency": "1"}, 1, nil)
	bare.Nodes, bare.Versions = []string{"login1"}, map[string]string{"chroma": "1.0.4"}
	bare.Hardware = []drivers.Node{}
	text, err := built(bare, full).CSV()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(rows[0], append(want, "point_concurrency", "ttft_median_ms")) {
		t.Errorf("%q", rows[0])
	}
	for column, values := range map[string][2]string{"commit": {"", "0123abc"}, "model": {"", "meta/llama"}, "server_version": {"1.0.4", "0.10.2"}, "assay_version": {"", "v1"}, "nodes": {"login1", "n1 n2"},
		"gpus": {"", "4"}, "gpu_model": {"", "NVIDIA H200"}, "gpu_driver": {"", "570.1"}, "cpu_model": {"", "EPYC"}, "job": {"", "77"}, "deployment": {"", "d1"}, "seed": {"0", "9"},
		"reasons": {"", "TooFewSamples NoInterval"}, "valid": {"true", "true"}, "repeat": {"1", "2"}, "ended": {"1970-01-01T00:00:02Z", "1970-01-01T00:00:02Z"}, "point_concurrency": {"1", "8"}, "ttft_median_ms": {"", "20.5"}} {
		i := slices.Index(rows[0], column)
		if got := [2]string{rows[1][i], rows[2][i]}; got != values {
			t.Errorf("%s is %q, want %q", column, got, values)
		}
	}
}

// TestHardwareIsPlain: what a node calls itself deceives no reader.
func TestHardwareIsPlain(t *testing.T) {
	const evil = "n\x1b[31m\u202e1"
	one := row(nil, 1, nil)
	one.Model, one.Hardware = evil, []drivers.Node{{Name: evil, CPU: evil, Absent: map[string]string{"gpus": evil}, GPUs: []drivers.GPU{{Model: evil, Driver: evil}}}}
	r := built(one)
	text, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	page, err := r.HTML()
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{string(text), string(page)} {
		if strings.ContainsAny(form, "\x1b\u202e") || strings.Contains(form, `\u001b`) {
			t.Error("a control character went through")
		}
	}
	if one.Hardware[0].CPU != evil {
		t.Error("what the report is made of was changed")
	}
}

// TestPowerIsShown: power and energy have columns where they were measured, and none elsewhere.
func TestPowerIsShown(t *testing.T) {
	with := built(row(nil, 1, map[string]float64{"output_throughput": 100, "gpu_power_mean_w": 2400, "energy_per_output_token_j": 1.5})).Markdown()
	without := built(row(nil, 1, map[string]float64{"output_throughput": 100})).Markdown()
	for _, heading := range []string{"GPU power mean, W", "Energy per output token, J"} {
		if !strings.Contains(with, heading) || strings.Contains(without, heading) {
			t.Errorf("%s: with %v, without %v", heading, strings.Contains(with, heading), strings.Contains(without, heading))
		}
	}
}
