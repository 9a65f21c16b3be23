package v1alpha1

import (
	"strings"
	"testing"
	"time"
)

// TestSchedules: cron's five fields and its words, in a zone of their own or that of the host; everything else at its place, with
// what to write.
func TestSchedules(t *testing.T) {
	day := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"0 2 * * *":                           "2026-07-02T02:00:00Z",
		"*/15 8-18 * * 1-5":                   "2026-07-01T12:15:00Z",
		"@daily":                              "2026-07-02T00:00:00Z",
		"CRON_TZ=Europe/Luxembourg 0 2 * * *": "2026-07-02T00:00:00Z",
		"TZ=Asia/Tokyo 0 2 * * *":             "2026-07-01T17:00:00Z",
		"0 0 29 2 *":                          "2028-02-29T00:00:00Z",
	} {
		s, err := ParseSchedule(text, time.UTC)
		if err != nil || s.Next(day).UTC().Format(time.RFC3339) != want {
			t.Errorf("%s: %v %v, want %s", text, s, err, want)
		}
	}
	for text, want := range map[string]string{
		"0 2 * *": "expected exactly 5 fields", "0 0 2 * * *": "expected exactly 5 fields", "61 2 * * *": "above maximum", "0 0 30 2 *": "no such time",
		"@every 1h": "name the times", "nightly": "found \"nightly\"", "CRON_TZ=Mars/Base 0 2 * * *": `no time zone "Mars/Base"`, "CRON_TZ=": "no time zone", "TZ=UTC": "found \"TZ=UTC\"", " ": "expected exactly",
	} {
		manifest := "apiVersion: assay/v1alpha1\nkind: Experiment\nmetadata: {name: a}\nspec:\n  schedule: \"" + text + "\"\n  services: [{name: llm, vllm: {model: m, simulate: {}}}]\n  benchmarks: [{name: b, target: llm, serving: {dataset: json, prompts: 10}}]\n"
		_, err := Load([]File{{"e.yaml", []byte(manifest)}}, nil, "")
		if err == nil || !strings.Contains(err.Error(), "e.yaml:5:13: spec.schedule: must be minute, hour") || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `write "0 2 * * *"`) {
			t.Errorf("%q: %v", text, err)
		}
	}
	bare := "apiVersion: assay/v1alpha1\nkind: Experiment\nmetadata: {name: a}\nspec: {schedule: \"0 2 * * *\", services: [{name: llm, vllm: {model: m, simulate: {}}}]}\n"
	if _, err := Load([]File{{"e.yaml", []byte(bare)}}, nil, ""); err == nil || !strings.Contains(err.Error(), "nothing to repeat") {
		t.Errorf("without a benchmark: %v", err)
	}
}
