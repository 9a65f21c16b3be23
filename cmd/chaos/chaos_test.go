package main

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

var (
	testSeed    = flag.Uint64("chaos.seed", 1, "seed of TestChaos")
	testFaults  = flag.Int("chaos.faults", 20, "how many faults TestChaos injects")
	testKinds   = flag.String("chaos.kinds", "", "only these kinds in TestChaos; empty: all")
	testWithout = flag.String("chaos.without", unusual, "all kinds but these in TestChaos")
)

// unusual are the kinds that TestChaos leaves out unless it is told otherwise: after them nobody is left who could say that a
// job's processes have ended, so that the test would wait for fences.
const unusual = "node-reboot,node-cut,slurmctld-older,job-sigkill"

// asProgram makes this test binary the program itself, which runs itself again in its namespaces.
const asProgram = "ASSAY_CHAOS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestChaos is three minutes of `make chaos`, of one seed.
func TestChaos(t *testing.T) {
	if testing.Short() {
		t.Skip("three minutes of faults; run without -short")
	}
	if why := missing(); why != "" {
		if os.Getuid() == 0 && os.Getenv("ASSAY_REQUIRE_SLURM") == "1" {
			t.Fatal(why)
		}
		t.Skip(why)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, os.Args[0], "-seed", strconv.FormatUint(*testSeed, 10), "-faults", strconv.Itoa(*testFaults),
		"-batch", "10", "-kinds", *testKinds, "-without", *testWithout)
	c.Env = append(os.Environ(), asProgram+"=1")
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) } // it ends what it started
	c.WaitDelay = 30 * time.Second
	out, err := c.CombinedOutput()
	if err != nil && strings.Contains(string(out), "entering namespaces: ") {
		t.Skipf("this machine gives its root no namespaces: %s", out)
	}
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%s", out[max(0, len(out)-4000):])
}

// TestOneCopyStays: of the two files that hold an ended run one is left alone while the other is damaged.
func TestOneCopyStays(t *testing.T) {
	dir := t.TempDir()
	write := func(path, text string) string {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	run, segment, other := write("runs/a/r/run.json", "torn"), write("finished/a/segment-1.jsonl", "whole"), write("finished/b/segment-1.jsonl", "whole")
	h := &history{damaged: []damaged{{run, []byte("whole"), []byte("torn")}}}
	if !h.lastCopy(segment) || h.lastCopy(other) || h.lastCopy(run) {
		t.Errorf("%v %v %v", h.lastCopy(segment), h.lastCopy(other), h.lastCopy(run))
	}
	write("runs/a/r/run.json", "rebuilt")
	if h.lastCopy(segment) {
		t.Error("a record that was rebuilt is no reason any more")
	}
}
