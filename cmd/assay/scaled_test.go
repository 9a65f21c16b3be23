package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"assay/api/v1alpha1"
)

const scaledManifest = `apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: scaled}
spec:
  services:
    - name: llm
      vllm: {model: m, simulate: {ttft: 20ms, itl: 100ms, maxRunning: 5}}
      replicas:
        min: 1
        max: 4
        metric: avg(vllm:num_requests_running{service="llm"} + vllm:num_requests_waiting{service="llm"})
        target: 4
        tolerance: 0.2
        up: {window: 12s}
        down: {window: 12s}
      renew: {drain: 5s}
    - name: front
      gateway: {targets: [llm]}
`

// TestScaled lets a step of load double the replicas of a model behind a gateway and gives them back when it is over. No
// request is lost meanwhile, also not by the replica that leaves.
func TestScaled(t *testing.T) {
	beside(t, 45*time.Second)
	w := newTestWorld(t)
	manifest := w.write("scaled.yaml", scaledManifest)
	if _, errs, code := w.run("plan", "-f", w.write("bad.yaml", strings.Replace(scaledManifest, "target: 4", "target: 0", 1))); code != 4 || !strings.Contains(errs, "bad.yaml:12:17: spec.services[0].replicas.target: must be more than 0") {
		t.Errorf("a target of 0: code %d, %s", code, errs)
	}
	if _, errs, code := w.run("plan", "-f", w.write("bad.yaml", strings.Replace(scaledManifest, "metric: avg(", "metric: avg((", 1))); code != 4 || !strings.Contains(errs, "bad.yaml:11:17: spec.services[0].replicas.metric: is not valid PromQL") {
		t.Errorf("half an expression: code %d, %s", code, errs)
	}
	if out, _, _ := w.run("plan", "-f", manifest); !strings.Contains(out, "a metric decides from then on: 1 to 4 replicas") || strings.Contains(out, "llm/1") {
		t.Errorf("the plan says %s", out)
	}
	w.must("apply", "-f", manifest, "--timeout", "60s")
	w.controller()
	service := func() (s v1alpha1.ServiceStatus) {
		for _, v := range w.status("scaled").Services {
			if v.Name == "llm" {
				s = v
			}
		}
		return s
	}
	w.until("Ready", time.Minute, func() (bool, string) {
		gw := w.seat("scaled", "front")
		return gw.Ready && service().Ready == 1, fmt.Sprintf("%+v %+v", gw, service())
	})
	front, key := w.seat("scaled", "front").Endpoint, strings.TrimSpace(w.must("key", "scaled/llm"))

	var done, failed atomic.Int64
	load := func(clients int) (stop func()) {
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for range clients {
			all.Go(func() {
				for ctx.Err() == nil {
					if err := streamOne(front, key, 0); err != nil {
						failed.Add(1)
						t.Log(err)
					}
					done.Add(1)
				}
			})
		}
		return func() { cancel(); all.Wait() }
	}
	most := func(n int) func() (bool, string) {
		return func() (bool, string) {
			s := service()
			return s.Replicas == n && s.Ready == n, fmt.Sprintf("%d of %d: %+v", s.Ready, s.Replicas, s.Scale)
		}
	}
	light := load(1)
	heavy := load(7)
	began := time.Now()
	w.until("two replicas", 3*time.Minute, most(2))
	t.Logf("two replicas after %s", time.Since(began).Round(time.Second))
	heavy()
	began = time.Now()
	w.until("one replica", 3*time.Minute, most(1))
	w.until("the end of the other", time.Minute, func() (bool, string) {
		s := service()
		return s.Scale != nil && len(s.Scale.Leaving) == 0, fmt.Sprintf("%+v", s.Scale)
	})
	w.until("a description of a service with as many replicas as it needs", time.Minute, func() (bool, string) {
		described := w.must("describe", "service", "llm") // its only client may just have had no request
		for _, word := range []string{"1 to 4 replicas, so that avg(", "it asks for the 1 replicas", "Changed:", "AsAsked"} {
			if !strings.Contains(described, word) {
				return false, fmt.Sprintf("no %q in the description:\n%s", word, described)
			}
		}
		return true, ""
	})
	light()
	t.Logf("one replica after %s; %d requests, %d failed", time.Since(began).Round(time.Second), done.Load(), failed.Load())
	if failed.Load() > 0 || done.Load() < 20 {
		t.Errorf("%d of %d requests failed", failed.Load(), done.Load())
	}
	events := w.must("events")
	for _, word := range []string{"ScaledUp", "2 replicas instead of 1: avg(", "ScaledDown", "1 replicas instead of ", "gets no new requests"} {
		if !strings.Contains(events, word) {
			t.Errorf("no %q in the events:\n%s", word, events)
		}
	}
	w.must("delete", "experiment", "scaled", "--yes", "--timeout", "1m")
}
