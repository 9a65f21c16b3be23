package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"assay/drivers/procid"
	"assay/reconciler/resident"
	"assay/reconciler/store"
	"assay/reconciler/view"
)

// holder is who has the lease in a world now; its epoch is 0 when nobody has.
func (w *testWorld) holder() store.Holder {
	w.t.Helper()
	st, err := store.Open(w.state, store.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	h, holds, err := st.Holder()
	if err != nil {
		w.t.Fatal(err)
	}
	if !holds {
		return store.Holder{}
	}
	return h
}

// TestDetached: a controller in the background has a log, says how it is, refuses a second one, and ends when it is told to.
func TestDetached(t *testing.T) {
	beside(t, 5*time.Second)
	w := newTestWorld(t)
	_, said, code := w.run("controller", "--detach")
	t.Cleanup(func() { // also when the test fails
		if h := w.holder(); h.Epoch > 0 && h.State() == procid.Alive {
			_ = syscall.Kill(h.PID, syscall.SIGKILL)
		}
	})
	h := w.holder()
	if code != 0 || !strings.Contains(said, fmt.Sprintf("pid %d, log %s", h.PID, filepath.Join(w.state, resident.LogFile))) {
		t.Fatalf("%d: %s\nholder %+v", code, said, h)
	}
	if info, err := os.Stat(filepath.Join(w.state, resident.LogFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its log: %v, %v", info, err)
	}
	if _, said, code := w.run("controller", "--detach"); code != exitLeaseHeld {
		t.Errorf("a second one: %d: %s", code, said)
	}
	var url string
	w.until("ready", time.Minute, func() (bool, string) {
		for _, line := range strings.Split(w.must("get", "listeners"), "\n") {
			if f := strings.Fields(line); strings.Contains(line, "whether it works") {
				url = "http://" + f[1]
				if f[0] != "-" {
					url = "http://" + f[0]
				}
			}
		}
		if url == "" {
			return false, "no address"
		}
		resp, err := http.Get(url + "/readyz")
		if err != nil {
			return false, err.Error()
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return resp.StatusCode == 200, string(b)
	})
	if _, said, code := w.run("controller", "stop"); code != 0 || !strings.Contains(said, fmt.Sprintf("pid %d", h.PID)) {
		t.Errorf("stop: %d: %s", code, said)
	}
	if now := w.holder(); now.Epoch != 0 {
		t.Errorf("it holds the lease after its end: %+v", now)
	}
	w.until("the end of its process, after that of its lease", 20*time.Second, func() (bool, string) { return h.State() != procid.Alive, h.ID.String() })
	if _, said, code := w.run("controller", "stop"); code != 0 || !strings.Contains(said, "No controller runs") {
		t.Errorf("stop again: %d: %s", code, said)
	}
	if unit := w.must("controller", "print", "systemd"); !strings.Contains(unit, w.state) {
		t.Errorf("the unit:\n%s", unit)
	}
}

// TestControllerInJob: a controller in a job is followed by another one before the walltime of its job ends, and the lease goes from
// one to the next: each has an epoch of its own, there is hardly a moment without one, and what it looks after is not disturbed.
func TestControllerInJob(t *testing.T) {
	beside(t, 150*time.Second)
	if testing.Short() {
		t.Skip("it waits for two walltimes")
	}
	var both sync.WaitGroup // parallel subtests would wait until all other tests have begun
	both.Go(func() {
		t.Run("local", func(t *testing.T) { newTestWorld(t).controllersFollow("local", "") })
	})
	both.Go(func() {
		t.Run("slurm", func(t *testing.T) {
			newTestWorld(t, "SLURM_CONF="+startSlurm(t).Conf()).controllersFollow("slurm", slurmSite)
		})
	})
	both.Wait()
}

// controllersFollow sees two controllers of a site end, and what is looked after stay as it is.
func (w *testWorld) controllersFollow(site, manifest string) {
	t := w.t
	t.Helper()
	web := w.write("web.yaml", manifest+`apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: web}
spec:
  site: `+site+`
  services:
    - {name: web, process: {command: ["$(ASSAY)", serve-files, --listen, "$(HOST):$(PORT)"], probe: /healthz}}
`)
	w.must("apply", "--timeout", "2m", "-f", web)
	w.must("controller", "--in-job", "--time", "1m", "--site", site)
	w.must("apply", "--timeout", "2m", "-f", web)
	before := w.seat("web", "web")
	type term struct{ from, to time.Time }
	terms := map[int64]*term{}
	last := int64(0)
	for began := time.Now(); len(terms) < 3 && time.Since(began) < 6*time.Minute; time.Sleep(50 * time.Millisecond) {
		h := w.holder()
		if h.Epoch == 0 {
			continue
		}
		if h.What != resident.What || h.Epoch < last {
			t.Fatalf("%+v after epoch %d", h, last)
		}
		last = h.Epoch
		if terms[last] == nil {
			terms[last] = &term{from: time.Now()}
		}
		terms[last].to = time.Now()
	}
	if len(terms) < 3 {
		t.Fatalf("%d controllers; events:\n%s", len(terms), w.must("events"))
	}
	for epoch := last; terms[epoch-1] != nil; epoch-- {
		t.Logf("epoch %d took over %s after epoch %d", epoch, terms[epoch].from.Sub(terms[epoch-1].to).Round(10*time.Millisecond), epoch-1)
		record, err := os.ReadFile(filepath.Join(w.state, "lease", fmt.Sprintf("%012d.json", epoch-1)))
		if err != nil || !strings.Contains(string(record), `"released": true`) {
			t.Errorf("epoch %d was not released: %v %s", epoch-1, err, record)
		}
	}
	if terms[last-1] == nil || terms[last-2] == nil {
		t.Errorf("the epochs have gaps: %v up to %d", len(terms), last)
	}
	if after := w.seat("web", "web"); after.Nonce != before.Nonce || !after.Ready {
		t.Errorf("web was %+v and is %+v", before, after)
	}
	w.listedOnce()
	w.must("delete", "experiment", resident.Name, "--yes", "--timeout", "2m")
	w.must("delete", "experiment", "web", "--yes", "--timeout", "2m")
}

// listedOnce: a controller inside a job is listed by what it says of itself, and not again as a process without a key.
func (w *testWorld) listedOnce() {
	w.t.Helper()
	w.until("the controller in the list of listeners", time.Minute, func() (bool, string) {
		list := w.must("get", "listeners", "-o", "json")
		var all struct{ Items []view.Object }
		if err := json.Unmarshal([]byte(list), &all); err != nil {
			w.t.Fatal(err)
		}
		seen, its := map[string]int{}, ""
		for _, o := range all.Items {
			seen[o.Metadata.Name]++
			if o.Metadata.Experiment == "" && strings.Contains(fmt.Sprint(o.Status), "whether it works") {
				its = o.Metadata.Name
			}
		}
		if seen[its] > 1 {
			w.t.Fatalf("%s is listed %d times:\n%s", its, seen[its], list)
		}
		return seen[its] == 1, list
	})
}
