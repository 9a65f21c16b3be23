package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"assay/api/v1alpha1"
)

// TestRenewal asks a model behind a gateway without pause, while the jobs that serve it reach walltimes of two minutes on a
// real cluster. Every request is answered whole, and came to one server once. Two hand-overs are waited for, or as many as there are in ASSAY_RENEWALS,
// while a sweep measures a second service in jobs of three minutes. For 30 minutes it wants 14 hand-overs, and every run
// of the sweep valid:
//
//	ASSAY_RENEWALS=30m go test ./cmd/assay -run TestRenewal -v -timeout 1h
func TestRenewal(t *testing.T) {
	beside(t, 75*time.Second)
	if testing.Short() {
		t.Skip("it waits for two walltimes")
	}
	lasts, _ := time.ParseDuration(os.Getenv("ASSAY_RENEWALS"))
	c := startSlurm(t)
	w := newTestWorld(t, "SLURM_CONF="+c.Conf())
	vllm, seen := filepath.Join(w.dir, "vllm"), filepath.Join(w.dir, "seen")
	if err := os.Symlink(standin, vllm); err != nil {
		t.Fatal(err)
	}
	w.must("apply", "-f", w.write("renewal.yaml", slurmSite+fmt.Sprintf(`apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: lasting}
spec:
  site: slurm
  services:
    - name: llm
      vllm: {model: m, command: [%s, serve]}
      env: {STANDIN_SEEN: %s}
      resources: {time: 2m}
      renew: {drain: 10s}
    - name: front
      gateway: {targets: [llm]}
      resources: {time: 2h}
`, vllm, seen)), "--timeout", "120s")
	w.controller()
	var front string
	w.until("Ready", 2*time.Minute, func() (bool, string) {
		llm, gw := w.seat("lasting", "llm"), w.seat("lasting", "front")
		front = gw.Endpoint
		return llm.Ready && gw.Ready, fmt.Sprintf("%+v %+v", llm, gw)
	})
	key := strings.TrimSpace(w.must("key", "lasting/llm"))
	if lasts > 0 {
		w.must("apply", "-f", w.write("swept.yaml", slurmSite+sweptBeside), "--wait=false")
	}

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var clients sync.WaitGroup
	var done, failed atomic.Int64
	for range 16 { // about 200 streams a second
		clients.Go(func() {
			for ctx.Err() == nil {
				if err := streamOne(front, key, done.Add(1)); err != nil {
					failed.Add(1)
					t.Log(err)
				}
			}
		})
	}
	var last v1alpha1.SeatStatus
	jobs, began := map[string]bool{}, time.Now()
	w.until("hand-overs", lasts+6*time.Minute, func() (bool, string) {
		last = w.seat("lasting", "llm")
		if last.Ready {
			jobs[last.JobID] = true
		}
		return len(jobs) > 2 && time.Since(began) > lasts, fmt.Sprintf("%d jobs; %+v", len(jobs), last)
	})
	stop()
	clients.Wait()
	if lasts > 0 {
		w.sweptValid(lasts)
	}
	if wanted := int(lasts / (2*time.Minute + 10*time.Second)); len(jobs)-1 < wanted {
		t.Errorf("%d hand-overs, want at least %d", len(jobs)-1, wanted)
	}
	lost, twice := served(t, seen, done.Load())
	t.Logf("%d requests through %d jobs in %s, %d failed, %d never came, %d came twice", done.Load(), len(jobs), time.Since(began).Round(time.Second),
		failed.Load(), lost, twice)
	if failed.Load()+lost+twice > 0 || done.Load() < 100 {
		t.Errorf("of %d requests %d failed, %d never came to a server, %d came twice", done.Load(), failed.Load(), lost, twice)
	}
	if events := w.must("events"); !strings.Contains(events, "Renewed") || !strings.Contains(events, "HandedOver") || strings.Contains(events, "TimeLimit") {
		t.Errorf("the events do not tell the hand-overs:\n%s", events)
	}
	w.must("delete", "experiment", "lasting", "--yes", "--timeout", "2m")
}

const sweptBeside = `apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: swept}
spec:
  site: slurm
  services:
    - {name: llm, vllm: {model: m, simulate: {ttft: 20ms, itl: 5ms}}, resources: {time: 3m}}
  benchmarks:
    - {name: q, target: llm, repeats: 4, serving: {dataset: choice, prompts: 150, outputTokens: 16, concurrency: 1, seed: 1}}
  sweep:
    matrix:
      benchmarks.q.serving.concurrency: [1, 2, 4]
`

// sweptValid waits for the runs of the sweep, and wants a valid one for each of its points and repeats.
func (w *testWorld) sweptValid(atMost time.Duration) {
	valid := map[string]bool{}
	w.until("a valid run of every point and repeat", atMost, func() (bool, string) {
		all := w.status("swept").Runs
		for _, r := range all {
			if r.Phase == v1alpha1.RunComplete && v1alpha1.Find(r.Conditions, v1alpha1.Valid).Status == v1alpha1.True {
				valid[r.Key] = true
			}
		}
		return len(valid) >= 12, fmt.Sprintf("%d of %d runs: %+v", len(valid), len(all), all)
	})
}

// served counts which of so many requests no server has seen, and which were seen more than once.
func served(t *testing.T, seen string, sent int64) (lost, twice int64) {
	t.Helper()
	b, err := os.ReadFile(seen)
	if err != nil {
		t.Fatal(err)
	}
	times := make([]int, sent+1)
	for line := range strings.Lines(string(b)) {
		id, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil || id < 1 || int64(id) > sent {
			t.Fatalf("a server saw the request %q", line)
		}
		times[id]++
	}
	for _, n := range times[1:] {
		switch {
		case n == 0:
			lost++
		case n > 1:
			twice++
		}
	}
	return lost, twice
}

// streamOne asks for ten tokens, streamed, and reads them to their end.
func streamOne(url, key string, id int64) error {
	r, err := http.NewRequest(http.MethodPost, url+"/v1/completions", strings.NewReader(`{"model": "m", "prompt": "one two three", "max_tokens": 10, "stream": true}`))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Request-Id", strconv.FormatInt(id, 10))
	resp, err := (&http.Client{Timeout: time.Minute}).Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		b, _ := io.ReadAll(io.LimitReader(resp.Body, 1000))
		return fmt.Errorf("status %d: %s", resp.StatusCode, b)
	}
	lines, ended := bufio.NewScanner(resp.Body), false
	for lines.Scan() {
		ended = ended || lines.Text() == "data: [DONE]"
	}
	if err := lines.Err(); err != nil || !ended {
		return fmt.Errorf("the answer was cut: %w", err)
	}
	return nil
}
