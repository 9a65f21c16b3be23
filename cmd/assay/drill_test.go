package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/reconciler/store"
)

// TestDrill kills, in turn, a replica, the controller, the gateway's job and the gateway's node, while clients ask a model with two
// replicas behind a gateway on a real Slurm. Each answer must be the one to its own request. It prints for how long nobody was
// answered after each kill. A node that is lost takes longest: what ran there is given up after 90 seconds, one after the other.
//
//	ASSAY_DRILL=1 go test ./cmd/assay -run TestDrill -v -timeout 30m
func TestDrill(t *testing.T) {
	if os.Getenv("ASSAY_DRILL") == "" {
		t.Skip("it takes minutes; ask for it with ASSAY_DRILL=1")
	}
	c := startSlurm(t)
	w := newTestWorld(t, "SLURM_CONF="+c.Conf())
	w.must("apply", "-f", w.write("drill.yaml", slurmSite+`apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: drill}
spec:
  site: slurm
  services:
    - name: llm
      vllm: {model: m, simulate: {ttft: 20ms, itl: 5ms}}
      replicas: 2
      restart: {backoff: 1s}
    - name: front
      gateway: {targets: [llm]}
      restart: {backoff: 1s}
`), "--timeout", "3m")
	kill := w.controller()
	st, err := store.Open(w.state, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d := &drill{address: st.AddressFile("drill", "front"), key: strings.TrimSpace(w.must("key", "drill/llm"))}
	ready := func() (bool, string) {
		var said []string
		all := true
		for _, s := range w.status("drill").Services {
			all = all && s.Ready == s.Replicas
			said = append(said, fmt.Sprintf("%s %d/%d", s.Name, s.Ready, s.Replicas))
		}
		b, err := os.ReadFile(d.address)
		return all && len(said) == 2 && len(b) > 0, fmt.Sprint(said, string(b), err)
	}
	w.until("Ready", 3*time.Minute, ready)

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var clients sync.WaitGroup
	for n := range 8 {
		clients.Go(func() { d.ask(ctx, n) })
	}
	w.until("answers", time.Minute, func() (bool, string) { return d.count() > 100, fmt.Sprint(d.count()) })
	seats := func(service string) []v1alpha1.SeatStatus {
		all := w.status("drill").Services
		return all[slices.IndexFunc(all, func(s v1alpha1.ServiceStatus) bool { return s.Name == service })].Seats
	}
	killJob := func(seat v1alpha1.SeatStatus) {
		killed := killMatching(func(line, _ []byte) bool { return bytes.Contains(line, []byte(seat.Nonce)) }) // its agent, and the agent's guard
		if err := syscall.Kill(seat.PID, syscall.SIGKILL); killed == 0 || err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Fatalf("%d processes of job %s were killed, and its server: %v", killed, seat.JobID, err)
		}
	}
	for _, step := range []struct {
		what string
		do   func() (nonce string) // of the attempt that is to be replaced; empty: none
		undo func()
	}{
		{"a replica", func() string { s := seats("llm")[0]; killJob(s); return s.Nonce }, nil},
		{"the controller", func() string { kill(); return "" }, func() { kill = w.controller() }},
		{"the gateway's job", func() string { s := seats("front")[0]; killJob(s); return s.Nonce }, nil},
		{"the gateway's node", func() string {
			s := seats("front")[0]
			d.node = s.Nodes[0]
			killNode(t, c.Conf(), d.node, s.JobID)
			killJob(s)
			return s.Nonce
		}, func() {
			if err := c.StartNode(d.node); err != nil {
				t.Error(err)
			}
		}},
	} {
		from, before := time.Now(), d.totals()
		gone := step.do()
		if step.undo != nil && gone == "" {
			time.Sleep(10 * time.Second) // without a controller
			step.undo()
		}
		w.until(step.what+" is replaced", 10*time.Minute, func() (bool, string) {
			ok, said := ready()
			for _, service := range []string{"llm", "front"} {
				ok = ok && !slices.ContainsFunc(seats(service), func(s v1alpha1.SeatStatus) bool { return s.Nonce == gone })
			}
			return ok && d.since(from) > 100, said
		})
		after := d.totals()
		t.Logf("%s killed: nobody was answered for %s; %d answers, %d of them wrong, %d requests failed, in %s", step.what,
			d.longest(from).Round(10*time.Millisecond), after.right-before.right, after.wrong-before.wrong, after.failed-before.failed, time.Since(from).Round(time.Second))
		if step.undo != nil && gone != "" {
			step.undo()
		}
	}
	stop()
	clients.Wait()
	total := d.totals()
	t.Logf("%d right answers, %d wrong ones, %d requests failed; the last failure: %s", total.right, total.wrong, total.failed, d.failure)
	if total.wrong > 0 {
		t.Errorf("%d answers were not to their request: %s", total.wrong, d.failure)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 9*time.Minute) // the lost node's agent says nothing: that takes the fence
	defer cancel()
	if out, err := w.command(ctx, "delete", "experiment", "drill", "--yes", "--timeout", "8m").CombinedOutput(); err != nil {
		t.Errorf("delete: %v\n%s", err, out)
	}
}

// killNode kills what makes a node of a test cluster: its slurmd, and the supervisor of a job on it.
func killNode(t *testing.T, conf, node, job string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(filepath.Dir(conf), "run", "slurmd."+node+".pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	killMatching(func(line, env []byte) bool {
		return bytes.HasPrefix(line, []byte("slurmstepd: ["+job+".")) && bytes.Contains(env, []byte("SLURM_CONF="+conf))
	})
}

// killMatching kills the processes whose command line and environment match, and counts them.
func killMatching(match func(line, env []byte) bool) (killed int) {
	procs, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range procs {
		line, _ := os.ReadFile(filepath.Join(p, "cmdline"))
		env, _ := os.ReadFile(filepath.Join(p, "environ"))
		if pid, _ := strconv.Atoi(filepath.Base(p)); pid != os.Getpid() && match(line, env) && syscall.Kill(pid, syscall.SIGKILL) == nil {
			killed++
		}
	}
	return killed
}

// drill are clients that ask without pause, and what they were answered.
type drill struct {
	address, key, node string

	mu      sync.Mutex
	at      []time.Time // of right answers
	total   totals
	failure string
}

type totals struct{ right, wrong, failed int }

func (d *drill) totals() totals {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.total
}

func (d *drill) count() int { return d.totals().right }

func (d *drill) since(t time.Time) (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, at := range d.at {
		if at.After(t) {
			n++
		}
	}
	return n
}

// longest is the longest time without a right answer from a moment on.
func (d *drill) longest(from time.Time) (gap time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	last := from
	for _, at := range d.at {
		if at.After(from) {
			gap, last = max(gap, at.Sub(last)), at
		}
	}
	return max(gap, time.Since(last))
}

var errWrong = errors.New("a wrong answer")

// ask asks one request after the other until ctx ends. A client finds the gateway by its address file, as the README says.
func (d *drill) ask(ctx context.Context, client int) {
	web := &http.Client{Timeout: 40 * time.Second}
	for n := 0; ctx.Err() == nil; n++ {
		err := d.one(ctx, web, fmt.Sprintf("client-%d-request-%d", client, n))
		d.mu.Lock()
		switch {
		case err == nil:
			d.total.right++
			d.at = append(d.at, time.Now())
		case ctx.Err() != nil:
		case errors.Is(err, errWrong):
			d.total.wrong++
			d.failure = err.Error()
		default:
			d.total.failed++
			d.failure = err.Error()
		}
		d.mu.Unlock()
		if err != nil {
			time.Sleep(100 * time.Millisecond)
		}
	}
}

// one asks for the only answer that the request allows, which no other request does.
func (d *drill) one(ctx context.Context, web *http.Client, word string) error {
	url, err := os.ReadFile(d.address)
	if err != nil {
		return err
	}
	body := fmt.Sprintf(`{"model": "m", "prompt": "say it", "max_tokens": 64, "structured_outputs": {"choice": [%q]}}`, word)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSpace(string(url))+"/v1/completions", strings.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+d.key)
	resp, err := web.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil || resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d: %.200s %w", resp.StatusCode, b, err)
	}
	var got struct{ Choices []struct{ Text string } }
	if err := json.Unmarshal(b, &got); err != nil || len(got.Choices) != 1 || got.Choices[0].Text != word {
		return fmt.Errorf("%w: to %s: %.300s", errWrong, word, b)
	}
	return nil
}
