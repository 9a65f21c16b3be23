package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
	"assay/reconciler/view"
)

var (
	kills    = flag.Int("kills", 200, "how often TestKill kills the controller")
	killSeed = flag.Uint64("killseed", 0, "seed of TestKill; 0: by the clock")
)

// killed is a manifest with three services and three runs; generation n differs in its model.
func killed(n int) string {
	return slurmSite + fmt.Sprintf(`apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: kill}
spec:
  site: slurm
  services:
    - name: llm
      vllm: {model: m%d, simulate: {ttft: 5ms, itl: 2ms}}
      restart: {backoff: 1s, limit: 100}
    - name: one
      replicas: %d
      process: {command: ["$(ASSAY)", serve-files, --listen, "$(HOST):$(PORT)"], probe: /healthz}
      restart: {backoff: 1s, limit: 100}
  benchmarks:
    - {name: q, target: llm, retryInvalid: 0, repeats: 3, timeout: 5m, serving: {dataset: choice, prompts: 100, outputTokens: 8, concurrency: 4, seed: 1}}
`, n/20, 1+n%3)
}

// TestKill kills the controller with SIGKILL at random moments on real Slurm, and sbatch midway with it, edits the manifest
// meanwhile, and watches squeue: never two live jobs of one seat, everything recovered, no run executed twice, none lost.
// The kills are shared by two clusters, each of which takes half the time.
func TestKill(t *testing.T) {
	beside(t, 150*time.Second)
	if testing.Short() {
		t.Skip("200 kills take minutes; run without -short")
	}
	seed := *killSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("replay with -killseed=%d", seed)
	var both sync.WaitGroup // parallel subtests would wait until all other tests have begun
	for half, name := range []string{"first half", "second half"} {
		both.Go(func() {
			t.Run(name, func(t *testing.T) {
				killing(t, half**kills/2, (half+1)**kills/2, rand.New(rand.NewPCG(seed, uint64(half))))
			})
		})
	}
	both.Wait()
}

// killing does some of the kills on a cluster of its own.
func killing(t *testing.T, from, to int, rng *rand.Rand) {
	c := startSlurm(t)
	w := newTestWorld(t, "SLURM_CONF="+c.Conf())
	w.must("apply", "-f", w.write("kill.yaml", killed(from)), "--wait=false")

	for i := from; i < to; i++ {
		if i%5 == 0 {
			w.must("apply", "-f", w.write("kill.yaml", killed(i)), "--wait=false")
		}
		if i%7 == 0 { // something to do: a job that somebody cancels
			cancelOne(t, w, c.Conf(), rng)
		}
		kill := w.controller()
		time.Sleep(time.Duration(rng.IntN(1500)) * time.Millisecond)
		if i%2 == 0 {
			killChildren(w.dir, "sbatch")
		}
		kill()
		checkLive(t, c.Conf())
	}

	w.controller()
	w.until("everything recovered", 3*time.Minute, func() (bool, string) {
		checkLive(t, c.Conf())
		s := w.status("kill")
		return view.Settled(s) && v1alpha1.Find(s.Conditions, v1alpha1.Ready).Status == v1alpha1.True, fmt.Sprintf("%+v\n%+v", s.Conditions, s.Services)
	})
	s := w.status("kill")
	if err := view.Failures([]v1alpha1.ExperimentStatus{s}); err != nil {
		t.Error(err)
	}
	checkRuns(t, w, s)
	w.must("delete", "experiment", "kill", "--yes", "--timeout", "2m")
	if left := liveSeats(t, c.Conf()); len(left) > 0 {
		t.Errorf("left after delete: %v", left)
	}
}

// checkLive fails on two live jobs of one seat. Singleton keeps a second one pending, and so pending ones count too.
func checkLive(t *testing.T, conf string) {
	t.Helper()
	for seat, n := range liveSeats(t, conf) {
		if n > 1 {
			t.Errorf("%d live jobs of seat %s", n, seat)
		}
	}
}

// cancelOne cancels a random job of ours by hand.
func cancelOne(t *testing.T, w *testWorld, conf string, rng *rand.Rand) {
	t.Helper()
	var ids []string
	for _, s := range w.status("kill").Services {
		for _, seat := range s.Seats {
			if seat.JobID != "" {
				ids = append(ids, seat.JobID)
			}
		}
	}
	if len(ids) == 0 {
		return
	}
	cmd := w.shell("scancel", ids[rng.IntN(len(ids))])
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Logf("scancel: %v %s", err, out)
	}
}

// killChildren kills every process of that name that belongs to this world, as a crash of the node would.
func killChildren(dir, name string) {
	procs, _ := filepath.Glob("/proc/[0-9]*/comm")
	for _, p := range procs {
		comm, err := os.ReadFile(p)
		if err != nil || strings.TrimSpace(string(comm)) != name {
			continue
		}
		cmd, err := os.ReadFile(filepath.Join(filepath.Dir(p), "cmdline"))
		var pid int
		if _, scanErr := fmt.Sscanf(p, "/proc/%d/", &pid); err == nil && scanErr == nil && strings.Contains(string(cmd), dir) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// checkRuns proves that every run of the last revision is there once, and that no run was claimed by two jobs or done twice.
func checkRuns(t *testing.T, w *testWorld, s v1alpha1.ExperimentStatus) {
	t.Helper()
	complete := map[string]int{}
	for _, r := range s.Runs {
		if r.Phase == v1alpha1.RunComplete {
			complete[r.Key]++
		}
		if r.Phase == v1alpha1.RunPending || r.Phase == v1alpha1.RunRunning {
			t.Errorf("run %s is still %s", r.ID, r.Phase)
		}
	}
	for key, n := range complete {
		if n != 1 {
			t.Errorf("run with key %s is complete %d times", key, n)
		}
	}
	for _, b := range s.Benchmarks {
		if b.Done != b.Runs || b.Runs != 3 {
			t.Errorf("benchmark %s: %d of %d runs done, want 3 of 3", b.Name, b.Done, b.Runs)
		}
	}
	dirs, err := filepath.Glob(filepath.Join(w.state, "runs", "kill", "*"))
	if err != nil || len(dirs) < 3 {
		t.Fatalf("run directories: %v %v", dirs, err)
	}
	for _, dir := range dirs {
		starts, err := os.ReadFile(filepath.Join(dir, "suite.log"))
		if err == nil && strings.Count(string(starts), "suite started") > 1 {
			t.Errorf("%s was executed more than once:\n%s", dir, starts)
		}
		var claim drivers.Claim
		_, result := os.Stat(filepath.Join(dir, drivers.ResultFile))
		if err := durable.ReadRecord(filepath.Join(dir, drivers.ClaimFile), &claim); err != nil && result == nil {
			t.Errorf("%s has a result but no claim: %v", dir, err)
		}
	}
}
