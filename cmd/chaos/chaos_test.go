package main

import (
	"context"
	"flag"
	"os"
	"os/exec"
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
