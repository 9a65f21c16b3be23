package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/reconciler/view"
)

// mostGrown is by how much a process of assay's may grow because of strangers: 128 of them with a header of 16 KiB and a body of
// 256 KiB each, and as much again for the garbage collector.
const mostGrown = 80 << 20

// mostForAnswers is the same for what servers answer: 200 MiB is what a hostile input may cost at all.
const mostForAnswers = 200 << 20

// floods: idle connections, requests that come byte by byte, and requests without end, against every listener. Who knows the
// token is answered all the while, and no process grows beyond its bounds.
func (s *shared) floods(t *testing.T) {
	listed := guarded(s.listeners())
	grown := s.growth(t, mostGrown)
	seen := map[string]bool{}
	for _, l := range listed {
		if seen[l.Owner] { // one agent is as good as another
			continue
		}
		seen[l.Owner] = true
		flooding := s.begin(t, "flood", attack{Listeners: []view.ListenerStatus{l}, Flood: 2000})
		flooding.ready(t)
		answered := s.questions(t, l, 10)
		tried := flooding.end().Tried
		if tried["opened"] != 2000 || tried["left"] > 200 && (l.Owner == "agent" || l.Owner == "controller") { // servers keep more
			t.Errorf("%s of %s: %v", l.What, l.Owner, tried)
		}
		t.Logf("%s of %s: %d idle connections, %d of them left, %d of 10 questions answered meanwhile", l.What, l.Owner, tried["opened"], tried["left"], answered)
	}
	dripping := s.begin(t, "drip", attack{Listeners: listed, Flood: 100})
	dripping.ready(t)
	answered := 0
	for from := time.Now(); time.Since(from) < 6*time.Second; { // longer than a header may take
		for _, l := range listed {
			answered += s.questions(t, l, 2)
		}
	}
	if tried := dripping.end().Tried; tried["cut"] == 0 {
		t.Errorf("nobody was cut off: %v", tried)
	}
	t.Logf("%d questions answered during slow requests", answered)
	pouring := s.begin(t, "pour", attack{Listeners: listed, Body: 10 << 30})
	pouring.ready(t)
	answered = 0
	for _, l := range listed {
		answered += s.questions(t, l, 5)
	}
	tried := pouring.end().Tried
	t.Logf("at most %d KiB of a request of 10 GiB were taken; %d questions answered meanwhile", tried["most"]>>10, answered)
	grown(t)
}

// ready waits until the attack is under way.
func (g *attacking) ready(t *testing.T) {
	t.Helper()
	for range 3000 {
		if g.errs.contains("ready") {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("%s did not begin", g.name)
}

// sayings is what a process has said so far.
type sayings struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *sayings) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(b)
}

func (r *sayings) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

func (r *sayings) contains(word string) bool { return strings.Contains(r.String(), word) }

// questions asks a listener as somebody who may, over a new connection each time, and returns how often it answered.
func (s *shared) questions(t *testing.T, l view.ListenerStatus, n int) (answered int) {
	t.Helper()
	path := "/v1/models"
	switch {
	case queries(l):
		path = "/api/v1/query?query=1"
	case l.Owner == "agent", l.Owner == "controller":
		path = "/metrics"
	case l.Owner == "docs":
		path = "/api/v2/heartbeat"
	}
	client := http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for range n {
		req, err := http.NewRequest(http.MethodGet, "http://"+l.Address+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(secretOf(t, l)))
		res, err := client.Do(req)
		if err != nil {
			t.Errorf("%s of %s: %v", l.What, l.Owner, err)
			continue
		}
		_, err = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK {
			t.Errorf("%s of %s: %s %v", l.What, l.Owner, res.Status, err)
			continue
		}
		answered++
	}
	return answered
}

var highest = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// growth forgets the highest memory of every process of the victim's, and returns what fails with those that grew too much.
func (s *shared) growth(t *testing.T, limit int64) func(*testing.T) {
	t.Helper()
	peak := func() map[int]int64 {
		out := map[int]int64{}
		for _, pid := range pids() {
			proc := fmt.Sprintf("/proc/%d", pid)
			line, _ := os.ReadFile(proc + "/cmdline")
			info, err := os.Stat(proc)
			if err != nil || owner(info) != s.victim.uid || !strings.HasSuffix(strings.Split(string(line), "\x00")[0], "/assay") {
				continue
			}
			status, _ := os.ReadFile(proc + "/status")
			if m := highest.FindSubmatch(status); m != nil {
				n, _ := strconv.ParseInt(string(m[1]), 10, 64)
				out[pid] = n << 10
			}
		}
		return out
	}
	for pid := range peak() {
		if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0o200); err != nil {
			t.Logf("the highest memory of %d cannot be forgotten: %v", pid, err)
		}
	}
	before := peak()
	return func(t *testing.T) {
		t.Helper()
		var most int64
		for pid, now := range peak() {
			grown := now - before[pid]
			most = max(most, grown)
			if was, there := before[pid]; there && grown > limit {
				line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
				t.Errorf("%q had %d MiB and took up to %d MiB", line, was>>20, now>>20)
			}
		}
		t.Logf("no process grew by more than %d MiB", most>>20)
	}
}

// withoutEnd answers every path that does not begin with one of may with 10 GiB, and counts what was taken of each.
func withoutEnd(t *testing.T, model string, may ...string) (url string, taken func() map[string]int64) {
	var mu sync.Mutex
	most := map[string]int64{}
	chunk := bytes.Repeat([]byte("data: x\n"), 1<<17)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if slices.ContainsFunc(may, func(p string) bool { return strings.HasPrefix(r.URL.Path, p) }) {
			fmt.Fprintf(w, `{"data":[{"id":%q}]}`, model)
			return
		}
		var sent int64
		for sent < 10<<30 {
			n, err := w.Write(chunk)
			if sent += int64(n); err != nil {
				break
			}
		}
		mu.Lock()
		defer mu.Unlock()
		most[r.URL.Path] = max(most[r.URL.Path], sent)
	}))
	t.Cleanup(srv.Close)
	return srv.URL, func() map[string]int64 {
		mu.Lock()
		defer mu.Unlock()
		return maps.Clone(most)
	}
}

// endless: servers that answer 10 GiB to probes, scrapes and benchmarks cost a bounded part of it, and disturb nobody else.
func (s *shared) endless(t *testing.T) {
	all, takenOfAll := withoutEnd(t, "m")
	some, takenOfSome := withoutEnd(t, "m", "/health", "/v1/models")
	grown := s.growth(t, mostForAnswers)
	site := s.mine(t)
	s.must("apply", "-f", s.write("endless.yaml", site[:strings.Index(site, "---\n")+4]+fmt.Sprintf(`apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: endless}
spec:
  site: slurm
  services:
    - {name: all, external: {url: "%s", type: vllm, model: m}}
    - {name: some, external: {url: "%s", type: vllm, model: m}}
  benchmarks:
    - {name: q, target: some, retryInvalid: 0, run: {on: controller}, serving: {dataset: choice, prompts: 10, outputTokens: 4, concurrency: 2, warmups: 1, seed: 1}}
`, all, some)), "--wait=false")
	var run v1alpha1.RunStatus
	s.until("the run has ended, and all was asked", 90*time.Second, func() (bool, string) {
		if runs := s.status("endless").Runs; len(runs) > 0 {
			run = runs[0]
		}
		a, b := takenOfAll(), takenOfSome()
		return (run.Phase == v1alpha1.RunFailed || run.Phase == v1alpha1.RunComplete) && len(a) > 0 && len(b) > 0, fmt.Sprintf("%+v %v %v", run, a, b)
	})
	for path, n := range takenOfAll() {
		t.Logf("%s: at most %d KiB of 10 GiB were taken", path, n>>10)
		if n > 64<<20 {
			t.Errorf("%s: %d MiB were taken", path, n>>20)
		}
	}
	for path, n := range takenOfSome() {
		t.Logf("benchmarked, %s: at most %d KiB of 10 GiB were taken", path, n>>10)
		if n > 64<<20 {
			t.Errorf("benchmarked, %s: %d MiB were taken", path, n>>20)
		}
	}
	if run.Phase == v1alpha1.RunComplete && run.Metrics["failed"] == 0 {
		t.Errorf("answers without end count: %+v", run)
	}
	t.Logf("the run is %s: %s", run.Phase, run.Reason)
	grown(t)
	s.must("delete", "experiment", "endless", "--yes", "--timeout", "1m")
}
