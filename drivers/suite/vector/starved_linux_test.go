package vector

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// The environment that makes this test binary a client of a server, or a program that uses a CPU up.
const (
	clientEnv = "ASSAY_TEST_CLIENT"
	hogEnv    = "ASSAY_TEST_HOG"
)

func init() {
	switch {
	case os.Getenv(hogEnv) != "":
		for until := time.Now().Add(time.Minute); time.Now().Before(until); {
		}
		os.Exit(0)
	case os.Getenv(clientEnv) != "":
		v := v1alpha1.Vector{Vectors: 95, Dimension: 8, Queries: 100, TopK: 5, BatchSize: 30, Concurrency: []int{4}, Duration: v1alpha1.Duration(1500 * time.Millisecond)}
		res, err := Suite{}.Run(context.Background(), request("r", os.Getenv(clientEnv), v), os.TempDir(), func(string) {})
		if err != nil || json.NewEncoder(os.Stdout).Encode(res) != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

// again starts this test binary on one CPU, with an environment.
func again(t *testing.T, cpu int, out *strings.Builder, env string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env, cmd.Stderr, cmd.WaitDelay = append(os.Environ(), env), os.Stderr, 10*time.Second
	if out != nil {
		cmd.Stdout = out
	}
	started := make(chan error)
	go func() { // on a thread of its own, which is thrown away: what it is allowed is inherited
		runtime.LockOSThread()
		var one unix.CPUSet
		one.Set(cpu)
		err := unix.SchedSetaffinity(0, &one)
		if err == nil {
			err = cmd.Start()
		}
		started <- err
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	return cmd
}

func firstCPU(t *testing.T) int {
	t.Helper()
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		t.Fatal(err)
	}
	for cpu := range 1024 {
		if set.IsSet(cpu) {
			return cpu
		}
	}
	t.Fatal("no CPU")
	return 0
}

// TestStarvedClient: three programs take the client's CPU. What it measures then is its own delay, and the result says so.
func TestStarvedClient(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	srv := httptest.NewServer(&flawed{maxBatch: 100})
	defer srv.Close()
	cpu := firstCPU(t)
	for range 3 {
		again(t, cpu, nil, hogEnv+"=1")
	}
	var out strings.Builder
	client := again(t, cpu, &out, clientEnv+"="+srv.URL)
	if err := client.Wait(); err != nil {
		t.Fatal(err)
	}
	var res drivers.SuiteResult
	if err := json.Unmarshal([]byte(out.String()), &res); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	t.Logf("valid %v, %.0f/s by 4 workers: %v", res.Valid, res.Metrics["query_c4_qps"], res.Reasons)
	if res.Valid || !slices.ContainsFunc(res.Reasons, func(r drivers.Reason) bool { return strings.HasPrefix(r.Reason, "Client") }) {
		t.Errorf("nothing names it: valid %v, %v", res.Valid, res.Reasons)
	}
}
