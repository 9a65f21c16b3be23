package v1alpha1

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// TestReplicasReadBack: a number stays a number in every form that a manifest takes, and a metric keeps its defaults once.
func TestReplicasReadBack(t *testing.T) {
	for in, want := range map[string]string{
		"3": "3", "0": "0",
		`{"min":1,"max":4,"metric":"m","target":8}`:                                         `{"min":1,"max":4,"metric":"m","target":8,"tolerance":0.1,"up":{"window":"2m"},"down":{"window":"5m"}}`,
		`{"min":1,"max":4,"metric":"m","target":8,"tolerance":0,"up":{"window":"0s"}}`:      `{"min":1,"max":4,"metric":"m","target":8,"tolerance":0,"up":{"window":"0s"},"down":{"window":"5m"}}`,
		`{"min":1,"max":4,"metric":"m","target":8,"cooldown":"1m","down":{"window":"20s"}}`: `{"min":1,"max":4,"metric":"m","target":8,"tolerance":0.1,"cooldown":"1m","up":{"window":"2m"},"down":{"window":"20s"}}`,
	} {
		var r Replicas
		if err := json.Unmarshal([]byte(in), &r); err != nil {
			t.Fatal(err)
		}
		once := defaultReplicas(&r)
		if got := text(once); got != want || text(defaultReplicas(once)) != want {
			t.Errorf("%s becomes %s, want %s", in, got, want)
		}
	}
	for _, in := range []string{"-1", "1001", "{}", `{"most":3}`, `"3"`, "1.5"} {
		if err := new(Replicas).UnmarshalJSON([]byte(in)); err == nil {
			t.Errorf("%s is read", in)
		}
	}
	short := Duration(10 * time.Second)
	for want, r := range map[time.Duration]Replicas{15 * time.Second: *defaultReplicas(&Replicas{Min: 1}), 2500 * time.Millisecond: {Down: Window{&short}}} {
		if got := r.Every(); got != want {
			t.Errorf("asked every %s, want %s", got, want)
		}
	}
}

// TestQueueLengthIsWarnedOf: a metric that says only when there are too few replicas is read, with a word.
func TestQueueLengthIsWarnedOf(t *testing.T) {
	for metric, warned := range map[string]bool{"avg(vllm:num_requests_waiting)": true, "avg(vllm:num_requests_running + vllm:num_requests_waiting)": false} {
		m, err := Load([]File{{Name: "f.yaml", Data: []byte(`apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: a}
spec:
  services:
    - {name: llm, vllm: {model: m, simulate: {}}, replicas: {min: 1, max: 4, metric: '` + metric + `', target: 8}}
`)}}, nil, "")
		if err != nil {
			t.Fatal(err)
		}
		if got := len(m.Warnings) == 1 && strings.HasPrefix(m.Warnings[0].Error(), "f.yaml:6:86: spec.services[0].replicas.metric: is 0 as soon as"); got != warned {
			t.Errorf("%s: %v", metric, m.Warnings)
		}
	}
}
