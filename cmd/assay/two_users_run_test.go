package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/view"
)

// mine is what the victim runs: a server on two nodes that is measured from two, one that starts late, and Chroma.
func (s *shared) mine(t *testing.T) string {
	t.Helper()
	late := filepath.Join(s.victim.home, "late-vllm")
	script := "#!/bin/sh\ncase \"$*\" in *--help*) echo '  --max-model-len N  tokens'; exit ;; esac\nsleep 4\nexec " + binary + ` simulate-vllm --listen "$3:$5" --model "$1" --config '{"ttft":"1ms"}'` + "\n"
	if err := os.WriteFile(late, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	docs := ""
	if chroma := strings.Fields(os.Getenv("ASSAY_CHROMA")); len(chroma) > 0 {
		c := exec.Command("test", "-r", chroma[len(chroma)-1])
		c.SysProcAttr = &syscall.SysProcAttr{Credential: s.victim.as}
		if err := c.Run(); err != nil {
			t.Logf("without Chroma: other users cannot read %s", chroma[len(chroma)-1])
		} else {
			docs = "\n    - {name: docs, chroma: {command: [" + strings.Join(chroma, ", ") + "]}, resources: {partition: cpu}}"
		}
	}
	return strings.Replace(slurmSite, "poll:", "paths: {local: "+filepath.Join(s.top, "local")+"}\n  poll:", 1) + fmt.Sprintf(`apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: mine}
spec:
  site: slurm
  services:
    - name: llm
      vllm: {model: m, simulate: {ttft: 2ms, itl: 1ms}}
      nodes: 2
      resources: {partition: gpu, gpusPerNode: 1}
      secrets: {HF_TOKEN: {env: CANARY}}
    - name: late
      vllm: {model: late, command: [%s], args: {max-model-len: 1024}}
      resources: {partition: gpu, gpusPerNode: 1}
      restart: {backoff: 1s}%s
  benchmarks:
    - {name: q, target: llm, retryInvalid: 0, run: {nodes: 2}, serving: {dataset: choice, prompts: 100, outputTokens: 8, concurrency: 4, seed: 1}}
`, late, docs)
}

// TestTwoUsers: while one user of a cluster works with assay, another one on the same node tries all that he can. He gets
// nothing, and changes nothing.
func TestTwoUsers(t *testing.T) {
	beside(t, 90*time.Second)
	s := newShared(t)
	if err := os.Mkdir(filepath.Join(s.top, "local"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(s.top, "local"), 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	shouting, squatting := s.begin(t, "shout", attack{}), s.begin(t, "squat", attack{})
	met := s.meetings(t)
	s.must("apply", "-f", s.write("mine.yaml", s.mine(t)), "--timeout", "4m")
	t.Run("rubbish to every port keeps no run from its result", func(t *testing.T) { s.measured(t, shouting, met()) })
	t.Run("who sits on a port gets no key", func(t *testing.T) { s.squatted(t, squatting) })
	stop := s.controller()
	s.until("the controller listens", time.Minute, func() (bool, string) {
		listed := s.listeners()
		return slices.ContainsFunc(listed, func(l view.ListenerStatus) bool { return l.Owner == "controller" }), fmt.Sprint(listed)
	})
	before := s.seat("mine", "llm")
	jobs := s.jobs(t)
	t.Run("files, processes, jobs", func(t *testing.T) {
		files := s.private(t)
		tried := s.begin(t, "look", attack{Folders: []string{s.top, "/tmp", "/var/tmp", "/dev/shm", "/run"}, Files: files, Jobs: jobs}).end().Tried
		if tried["guessed"] != len(files) || tried["processes"] < 4 || tried["slurm"] < 6+9*len(jobs) {
			t.Errorf("tried %v with %d files and %d jobs", tried, len(files), len(jobs))
		}
	})
	t.Run("listeners", func(t *testing.T) {
		listed := s.listeners()
		closed := guarded(listed)
		for _, l := range listed {
			t.Logf("%-22s %-12s %-36s %s", l.Address, l.Owner, l.What, l.Protection)
		}
		tried := s.begin(t, "ask", attack{Listeners: closed, Hosts: []string{"127.0.0.1"}}).end().Tried
		if len(closed) < 4 || tried["answered"] == 0 {
			t.Errorf("%d listeners, tried %v", len(closed), tried)
		}
	})
	t.Run("what he plants", func(t *testing.T) { s.planted(t, stop) })
	t.Run("from elsewhere on the network", s.elsewhere)
	t.Run("floods", s.floods)
	t.Run("answers without end", s.endless)
	if now := s.seat("mine", "llm"); !now.Ready || now.JobID != before.JobID || now.PID != before.PID || now.Restarts != 0 || !slices.Equal(jobs, s.jobs(t)) {
		t.Errorf("the server was %+v and is %+v; jobs %v, %v", before, now, jobs, s.jobs(t))
	}
	s.must("delete", "experiment", "mine", "--yes", "--timeout", "2m")
}

// guarded are the listeners that ask for something. Every user of the node can connect to the others, as the list says.
func guarded(all []view.ListenerStatus) []view.ListenerStatus {
	return slices.DeleteFunc(slices.Clone(all), func(l view.ListenerStatus) bool { return l.Protection == drivers.OnLoopback })
}

// jobs are the ids of the victim's jobs.
func (s *shared) jobs(t *testing.T) []string {
	return strings.Fields(squeue(t, s.c, "-u", s.victim.name, "-t", "running", "-o", "%i"))
}

// private are all files of the victim's state and caches; each is the victim's alone.
func (s *shared) private(t *testing.T) (files []string) {
	t.Helper()
	for _, dir := range []string{s.state, filepath.Join(s.dir, "xdgstate"), filepath.Join(s.dir, "cache"), filepath.Join(s.dir, "config")} {
		_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return nil // files come and go
			}
			theirs := strings.HasPrefix(path, filepath.Join(s.state, "work")) || strings.Contains(path, "/job.") // made by Chroma and by Slurm, in private folders
			if info, err := d.Info(); err == nil && info.Mode().Perm()&0o077 != 0 && d.Type()&fs.ModeSymlink == 0 && (d.IsDir() || !theirs) {
				t.Errorf("%s has mode %s", path, info.Mode())
			}
			if d.Type().IsRegular() {
				files = append(files, path)
			}
			return nil
		})
	}
	if len(files) < 10 {
		t.Errorf("only %d files", len(files))
	}
	return files
}

// meetings watches where the processes of runs on several nodes meet, and returns the ports.
func (s *shared) meetings(t *testing.T) func() []string {
	stop, found := make(chan struct{}), make(chan []string, 1)
	go func() {
		var ports []string
		for {
			select {
			case <-stop:
				found <- ports
				return
			case <-time.After(5 * time.Millisecond):
			}
			files, _ := filepath.Glob(filepath.Join(s.state, "runs", "*", "*", "rendezvous.json"))
			for _, f := range files {
				var m struct{ Address string }
				if b, err := os.ReadFile(f); err == nil && json.Unmarshal(b, &m) == nil {
					if at := m.Address[strings.LastIndexByte(m.Address, ':')+1:]; !slices.Contains(ports, at) {
						ports = append(ports, at)
					}
				}
			}
		}
	}()
	return func() []string { close(stop); return <-found }
}

// measured: the run met at a port that the attacker shouted at, and is complete and valid all the same.
func (s *shared) measured(t *testing.T, shouting *attacking, met []string) {
	got := shouting.end()
	runs := s.status("mine").Runs
	if len(runs) != 1 || runs[0].Phase != v1alpha1.RunComplete || runs[0].Metrics["client_nodes"] != 2 || runs[0].Metrics["failed"] != 0 {
		t.Errorf("%+v", runs)
	}
	if len(met) == 0 || !slices.ContainsFunc(met, func(p string) bool { n, _ := strconv.Atoi(p); return slices.Contains(got.Ports, n) }) {
		t.Errorf("the run met at %v, and he shouted at %v", met, got.Ports)
	}
}

// squatted: he sat on two ports of a server that starts late, and was asked nothing on either; the server runs at a third one.
func (s *shared) squatted(t *testing.T, squatting *attacking) {
	got := squatting.end()
	if seat := s.seat("mine", "late"); len(got.Ports) == 0 || !seat.Ready {
		t.Errorf("he sat on %v; the server: %+v", got.Ports, seat)
	}
	if events := s.must("events"); !strings.Contains(events, "another program took port") {
		t.Errorf("no event says why it was started again:\n%s", events)
	}
}
