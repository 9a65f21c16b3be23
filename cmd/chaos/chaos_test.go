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
	testKinds   = flag.String("chaos.kinds", usual, "only these kinds in TestChaos; empty: all")
	testWithout = flag.String("chaos.without", "", "all kinds but these in TestChaos")
)

// usual are the kinds that TestChaos injects in two minutes unless it is told otherwise.
const usual = "controller-kill,controller-second,slurmctld-kill,slurmctld-stop,munge-stop,prometheus-kill,prometheus-stop,node-drain,server-kill,sbatch-kill"

// asProgram makes this test binary the program itself, which runs itself again in its namespaces.
const asProgram = "ASSAY_CHAOS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestChaos is two minutes of `make chaos`, of one seed.
func TestChaos(t *testing.T) {
	if testing.Short() {
		t.Skip("two minutes of faults; run without -short")
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
