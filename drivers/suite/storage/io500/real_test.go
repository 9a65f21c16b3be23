package io500

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"assay/drivers"
	"assay/drivers/suite"
	"assay/drivers/suite/storage"
)

// real is a request to the program that ASSAY_IO500 names: under srun with a task on every node where the test runs
// inside a job of Slurm (its nodes have to share the temporary directory), else under mpiexec with two tasks.
func real(t *testing.T) (drivers.SuiteRequest, string) {
	program := os.Getenv("ASSAY_IO500")
	if program == "" {
		t.Skip("ASSAY_IO500 names no io500")
	}
	s := spec(time.Second, 2)
	if os.Getenv("SLURM_JOB_ID") != "" {
		nodes, err := strconv.Atoi(cmp.Or(os.Getenv("SLURM_JOB_NUM_NODES"), "1"))
		if err != nil {
			t.Fatal(err)
		}
		s.Nodes, s.TasksPerNode = nodes, max(1, 2/nodes)
	}
	s.Command, s.BlockSize, s.Segments, s.Files = []string{program}, 8<<20, 200, 200
	return drivers.SuiteRequest{Run: "r", Experiment: "e", Benchmark: "b", Directory: t.TempDir(), Storage: &s}, t.TempDir()
}

// The sizes are tiny, so the program marks the result as invalid; it must have no other fault.
func TestReal(t *testing.T) {
	req, dir := real(t)
	var said []string
	res, err := Engine{}.Run(t.Context(), req, dir, func(s string) { said = append(said, s) })
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%v\n%+v", said, res)
	for _, p := range storage.Phases {
		if res.Metrics[p.Metric()] <= 0 {
			t.Errorf("no %s", p.Metric())
		}
	}
	for _, r := range res.Reasons {
		if !slices.Contains([]string{suite.ReasonInvalid, suite.ReasonTooShort, suite.ReasonShortStonewall}, r.Reason) {
			t.Errorf("%+v", r)
		}
	}
	if res.Valid || !slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, " of 12)") }) {
		t.Errorf("valid: %v, progress: %v", res.Valid, said)
	}
	empty(t, req.Directory)
}

// A run that is stopped in the middle ends at once, with all its processes and all that it wrote.
func TestRealCancel(t *testing.T) {
	req, dir := real(t)
	req.Storage.Files = 1000000
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Engine{}.Run(ctx, req, dir, func(line string) {
		if strings.HasPrefix(line, "mdtest-easy-write") {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	empty(t, req.Directory)
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range lines {
		if line, _ := os.ReadFile(path); strings.Contains(string(line), dir) {
			t.Errorf("still running: %q", line)
		}
	}
}

// A file system that another program fills ends the run with the reason, and the run's data is removed.
func TestRealDiskFull(t *testing.T) {
	req, dir := real(t)
	if os.Geteuid() != 0 || req.Storage.Nodes > 1 {
		t.Skip("mounting a small file system takes root, and one node")
	}
	if err := syscall.Mount("tmpfs", req.Directory, "tmpfs", 0, "size=64m"); err != nil {
		t.Skipf("mounting a small file system: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(req.Directory, syscall.MNT_DETACH) })
	other := filepath.Join(req.Directory, "other")
	_, err := Engine{}.Run(t.Context(), req, dir, func(line string) {
		if strings.HasPrefix(line, "mdtest-easy-write") {
			_ = os.WriteFile(other, make([]byte, 64<<20), 0o600) // as much as there is
		}
	})
	if err == nil || !strings.Contains(err.Error(), "No space left") || !strings.Contains(err.Error(), "-write (") {
		t.Errorf("%v", err)
	}
	if left, _ := os.ReadDir(req.Directory); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}
