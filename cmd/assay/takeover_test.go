package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestTakeoverByAnotherHost: two hosts, each with a name, network and pid namespace of its own, share a state directory. The
// controller of one is killed: the other's, which stood by, has the lease once it has expired, with the next epoch. What the first
// one started runs on, once, and a controller that comes back there is refused.
func TestTakeoverByAnotherHost(t *testing.T) {
	beside(t, 45*time.Second)
	if os.Getuid() != 0 {
		t.Skip("only root makes namespaces")
	}
	w := newTestWorld(t)
	manifest := w.write("web.yaml", `apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: web}
spec:
  services:
    - {name: web, process: {command: ["$(ASSAY)", serve-files, --listen, "$(HOST):$(PORT)"], probe: /healthz}}
`)
	host := func(name, script string) io.Writer {
		t.Helper()
		c := exec.Command("unshare", "--fork", "--pid", "--uts", "--net", "--mount", "--mount-proc", "--kill-child", "sh", "-c",
			"hostname "+name+"; ip link set lo up; cd "+w.dir+"; "+script)
		c.Env = append(w.env, "ASSAY="+binary, "STATE="+w.state, "MANIFEST="+manifest)
		log, err := os.Create(filepath.Join(w.dir, name+".log"))
		if err != nil {
			t.Fatal(err)
		}
		in, err := c.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		c.Stdout, c.Stderr = log, log
		if err := c.Start(); err != nil {
			t.Skipf("no namespaces can be made here: %v", err)
		}
		t.Cleanup(func() {
			_ = c.Process.Kill()
			_ = c.Wait()
			if b, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
				t.Logf("%s:\n%s", name, b)
			}
		})
		return in
	}
	a := host("host-a", `"$ASSAY" --state "$STATE" controller & pid=$!
until [ -e "$STATE/controller.json" ]; do sleep 0.1; done
"$ASSAY" --state "$STATE" apply -f "$MANIFEST" --timeout 2m && touch applied
read line; kill -9 $pid
read line; "$ASSAY" --state "$STATE" controller; echo $? > refused
read line`)
	there := func(file string) func() (bool, string) {
		return func() (bool, string) {
			b, err := os.ReadFile(filepath.Join(w.dir, file))
			return err == nil, string(b)
		}
	}
	w.until("applied", 2*time.Minute, there("applied"))
	first, before := w.holder(), w.seat("web", "web")
	if first.Host != "host-a" || !before.Ready {
		t.Fatalf("%+v %+v", first, before)
	}
	host("host-b", `exec "$ASSAY" --state "$STATE" controller --standby`)
	if _, err := io.WriteString(a, "kill\n"); err != nil {
		t.Fatal(err)
	}
	w.until("host-b has the lease", 3*time.Minute, func() (bool, string) {
		h := w.holder()
		return h.Host == "host-b", h.ID.String()
	})
	taken := time.Now()
	if h := w.holder(); h.Epoch != first.Epoch+1 {
		t.Errorf("its epoch is %d after %d", h.Epoch, first.Epoch)
	}
	w.until("host-b has looked", time.Minute, func() (bool, string) {
		s := w.status("web")
		return s.Observed.After(taken.Add(10 * time.Second)), s.Observed.String()
	})
	if after := w.seat("web", "web"); after.Nonce != before.Nonce {
		t.Errorf("the seat was %+v and is %+v", before, after)
	}
	if attempts, err := filepath.Glob(filepath.Join(w.state, "intents", "*.json")); err != nil || len(attempts) != 1 {
		t.Errorf("there are %d attempts, not one: %v %v", len(attempts), attempts, err)
	}
	if _, err := io.WriteString(a, "again\n"); err != nil {
		t.Fatal(err)
	}
	w.until("refused", 2*time.Minute, there("refused"))
	if b, _ := os.ReadFile(filepath.Join(w.dir, "refused")); string(b) != "5\n" {
		t.Errorf("a controller that comes back on host-a ends with %q", b)
	}
	if h := w.holder(); h.Host != "host-b" || h.Epoch != first.Epoch+1 {
		t.Errorf("the holder is %+v", h)
	}
}
