package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"text/tabwriter"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// history is a state directory of declared experiments, and what a controller there may cost.
type history struct {
	experiments, runs int           // runs that have ended, of all experiments together
	up                bool          // each experiment has a service that is up; otherwise all are suspended
	operation         time.Duration // what each system call of a file takes more
	most              bill          // targets; zero: none
}

// bill is what a controller costs.
type bill struct {
	Start    time.Duration `json:"start"`  // to the end of the first pass
	Pass     time.Duration `json:"pass"`   // when nothing has changed
	Get      time.Duration `json:"get"`    // what `assay get services` reads
	Memory   int64         `json:"memory"` // resident at most, in bytes
	Metrics  int64         `json:"metrics"`
	Statuses int64         `json:"statuses"` // bytes of all files
}

// memory is where the state directories are: what a disk takes is not ours, and a file operation is made as slow as wanted.
const memory = "/dev/shm"

var histories = []history{
	{experiments: 1000, runs: 1_000},
	{experiments: 1000, runs: 10_000},
	{experiments: 1000, runs: 100_000, most: bill{Start: 2 * time.Second, Pass: time.Second, Get: 200 * time.Millisecond, Memory: 150 << 20}},
	{experiments: 10, up: true},
	{experiments: 100, up: true},
	{experiments: 10, up: true, operation: 5 * time.Millisecond},
	{experiments: 100, up: true, operation: 5 * time.Millisecond, most: bill{Pass: time.Second}},
}

// bills prints what each history costs, and returns how many targets were missed. Sizes may not depend on the runs at all.
func bills() (missed int, err error) {
	fmt.Printf("\nA controller, by what was ever done. Wall time of its own process; memory is the most that was resident.\n\n")
	w := tabwriter.NewWriter(os.Stdout, 14, 8, 2, ' ', 0)
	fmt.Fprintln(w, "EXPERIMENTS\tENDED RUNS\tFILE OPERATION\tSTART\tIDLE PASS\tGET SERVICES\tMEMORY\tMETRICS\tSTATUSES\tMISSED")
	var first bill
	for i, h := range histories {
		b, err := h.cost()
		if err != nil {
			return missed, fmt.Errorf("%d experiments with %d runs: %w", h.experiments, h.runs, err)
		}
		if i == 0 {
			first = b
		}
		var misses []string
		miss := func(what string, is bool) {
			if is {
				misses = append(misses, what)
			}
		}
		over := func(d, most time.Duration) bool { return most > 0 && d > most }
		miss("start "+h.most.Start.String(), over(b.Start, h.most.Start))
		miss("pass "+h.most.Pass.String(), over(b.Pass, h.most.Pass))
		miss("get "+h.most.Get.String(), over(b.Get, h.most.Get))
		miss(fmt.Sprintf("memory %d MiB", h.most.Memory>>20), h.most.Memory > 0 && b.Memory > h.most.Memory)
		miss("sizes grow", h.runs > 0 && (b.Statuses > first.Statuses+first.Statuses/10 || b.Metrics > first.Metrics+first.Metrics/10+1<<20))
		missed += len(misses)
		fmt.Fprintf(w, "%d\t%d\t%s\t%s\t%s\t%s\t%d MiB\t%d KiB\t%d KiB\t%v\n", h.experiments, h.runs, h.operation, round(b.Start), round(b.Pass), round(b.Get),
			b.Memory>>20, b.Metrics>>10, b.Statuses>>10, misses)
		if err := w.Flush(); err != nil {
			return missed, err
		}
	}
	return missed, nil
}

// cost builds the state directory and has another process look after it.
func (h history) cost() (b bill, err error) {
	dir, err := os.MkdirTemp(memory, "assay-corebench-*")
	if err != nil {
		dir, err = os.MkdirTemp("", "assay-corebench-*")
	}
	if err != nil {
		return b, err
	}
	defer os.RemoveAll(dir)
	if err := h.build(dir); err != nil {
		return b, err
	}
	for range 2 { // the first one sums the runs up, once and for all
		out, err := h.child(dir)
		if err == nil {
			err = json.Unmarshal(out, &b)
		}
		if err != nil {
			return b, err
		}
		if h.up { // its jobs are gone with it
			break
		}
	}
	b.Metrics, b.Statuses = sizeOf(dir, "metrics.prom"), sizeOf(dir, "status")
	return b, nil
}

func (h history) child(dir string) ([]byte, error) {
	c := exec.Command(os.Args[0], childFlag, dir, fmt.Sprint(h.experiments), fmt.Sprint(h.up), h.operation.String())
	c.Stderr = os.Stderr
	return c.Output()
}

// build declares the experiments and leaves the folders of their runs as an older assay does: nothing is summed up.
func (h history) build(dir string) error {
	s, err := store.Open(dir, store.Options{NoSync: true})
	if err != nil {
		return err
	}
	began := time.Unix(1_700_000_000, 0)
	for i := range h.experiments {
		e := v1alpha1.Experiment{APIVersion: v1alpha1.APIVersion, Kind: v1alpha1.KindExperiment, Metadata: v1alpha1.Metadata{Name: fmt.Sprintf("e%04d", i)}}
		e.Spec.Suspend = !h.up
		e.Spec.Services = []v1alpha1.Service{{Name: "s", Process: &v1alpha1.Process{Command: []string{"serve"}}}}
		if _, _, err := s.Accept(store.Revision{Experiment: e.Metadata.Name, Owner: "corebench", Spec: e}); err != nil {
			return err
		}
		for r := range h.runs / h.experiments {
			if err := endedRun(dir, e.Metadata.Name, r, began.Add(time.Duration(r)*time.Minute)); err != nil {
				return err
			}
		}
	}
	return nil
}

// endedRun writes the record of a run, with a result of common size.
func endedRun(dir, experiment string, n int, began time.Time) error {
	id := fmt.Sprintf("q-%d-%08x", n+1, n)
	rec := struct {
		plan.Run
		Result drivers.SuiteResult `json:"result"`
	}{Run: plan.Run{ID: id, Experiment: experiment, Benchmark: "q", Target: "s", Repeat: n + 1, Attempt: 1, Key: fmt.Sprintf("%016x", n), Revision: "0123456789ab",
		Phase: v1alpha1.RunComplete, Reason: plan.Completed, Message: "it has ended and its result is stored", Nonce: "0123456789abcdef", JobID: fmt.Sprint(n), Nodes: []string{"node1"},
		Created: began, Ended: began.Add(time.Minute)}, Result: drivers.SuiteResult{Run: id, Valid: true, Metrics: map[string]float64{}, Started: began, Ended: began.Add(time.Minute)}}
	for m := range 40 {
		rec.Result.Metrics[fmt.Sprintf("metric_%d_ms", m)] = float64(n * m)
	}
	folder := filepath.Join(dir, "runs", experiment, id)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	return durable.Writer{NoSync: true}.ReplaceRecord(filepath.Join(folder, "run.json"), rec, nil)
}

// sizeOf is the size of a file, or of the files in a folder; 0 when there is none.
func sizeOf(dir, name string) (sum int64) {
	path := filepath.Join(dir, name)
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	if !info.IsDir() {
		return info.Size()
	}
	entries, _ := os.ReadDir(path) // what cannot be listed has no size
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			sum += info.Size()
		}
	}
	return sum
}

var errNotUp = errors.New("the services did not come up")
