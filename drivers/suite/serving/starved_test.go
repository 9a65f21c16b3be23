//go:build linux

package serving

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/suite"
)

// The environment that makes this test binary a client, a hog, or both: CLIENT is a server's address.
const (
	clientEnv = "ASSAY_TEST_CLIENT"
	loadEnv   = "ASSAY_TEST_LOAD" // of the client: closed or open
	hogEnv    = "ASSAY_TEST_HOG"
	worldEnv  = "ASSAY_TEST_STOP_THE_WORLD" // the client stops its own world again and again
)

func init() {
	switch {
	case os.Getenv(hogEnv) != "":
		for until := time.Now().Add(time.Minute); time.Now().Before(until); {
		}
	case os.Getenv(clientEnv) != "":
		if err := starvedClient(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	default:
		return
	}
	os.Exit(0)
}

// starvedClient is the client in a process of its own. It prints its result.
func starvedClient() error {
	dir, err := os.MkdirTemp("", "starved")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if os.Getenv(worldEnv) != "" {
		stopTheWorld()
	}
	v := spec(func(v *v1alpha1.Serving) {
		v.Dataset, v.InputTokens, v.OutputTokens, v.Concurrency, v.Prompts, v.Cores = "random", 8, 16, 8, 160, 1
		if os.Getenv(loadEnv) == "open" {
			v.Concurrency, v.Rate = 0, 200
		}
	})
	res, err := Suite{}.Run(context.Background(), drivers.SuiteRequest{Run: "r", Benchmark: "b", Target: "llm",
		Endpoints: []string{os.Getenv(clientEnv)}, Model: "org/tiny", Serving: v, Seed: 1}, dir, func(string) {})
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(res)
}

// stopTheWorld stops all of this process as a long collection would: to write down the stacks of many goroutines.
func stopTheWorld() {
	for range 20000 {
		go func() { select {} }()
	}
	go func() {
		for buf := make([]byte, 64<<20); ; time.Sleep(20 * time.Millisecond) {
			runtime.Stack(buf, true)
		}
	}()
}

// paced answers with 16 tokens, the first after 20 ms and then one every 2 ms.
func paced(t testing.TB) string {
	return serveHandler(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/completions" {
			(&flawed{}).ServeHTTP(w, r)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		pacer, err := suite.NewPacer()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		defer pacer.Close()
		wait := 20 * time.Millisecond
		for i := range 16 {
			_ = pacer.Pause(wait)
			wait = 2 * time.Millisecond
			var finish any
			if i == 15 {
				finish = "length"
			}
			emit(w, false, " word", finish)
		}
		io.WriteString(w, `data: {"choices":[],"usage":{"prompt_tokens":8,"completion_tokens":16}}`+"\n\ndata: [DONE]\n\n")
	}))
}

// again is this test binary with an environment. It is stopped when the test ends.
func again(t testing.TB, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
	cmd.Env, cmd.Stderr, cmd.WaitDelay = append(os.Environ(), env...), os.Stderr, 10*time.Second
	return cmd
}

// startOn starts a program on one CPU, with so much more niceness than this one.
func startOn(t testing.TB, cmd *exec.Cmd, cpu, nicer int) {
	t.Helper()
	ended := make(chan error)
	go func() { // on a thread of its own, which is thrown away: what it is allowed is inherited
		runtime.LockOSThread()
		var one unix.CPUSet
		one.Set(cpu)
		err := unix.SchedSetaffinity(0, &one)
		if err == nil && nicer > 0 {
			err = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), 19)
		}
		if err == nil {
			err = cmd.Start()
		}
		ended <- err
	}()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

func firstCPU(t testing.TB) int {
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

func hogs(t testing.TB, n, cpu int) {
	t.Helper()
	for range n {
		cmd := again(t, hogEnv+"=1")
		startOn(t, cmd, cpu, 0)
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	}
}

// quota makes a control group that gives 3 % of a CPU, and returns how to put a process into it.
func quota(t *testing.T) func(pid int) error {
	t.Helper()
	write := func(path, text string) error { return os.WriteFile(path, []byte(text), 0o600) }
	name := fmt.Sprintf("assay-test-%d", os.Getpid())
	for _, kind := range []struct{ root, file, text string }{
		{"/sys/fs/cgroup/cpu", "cpu.cfs_quota_us", "3000"},
		{"/sys/fs/cgroup", "cpu.max", "3000 100000"},
	} {
		dir := filepath.Join(kind.root, name)
		if os.Mkdir(dir, 0o700) != nil {
			continue
		}
		t.Cleanup(func() { _ = os.Remove(dir) })
		if write(filepath.Join(dir, kind.file), kind.text) == nil {
			return func(pid int) error { return write(filepath.Join(dir, "cgroup.procs"), strconv.Itoa(pid)) }
		}
	}
	t.Skip("no control group can be made here")
	return nil
}

// outcomeOf waits for a client and reads its result.
func outcomeOf(t *testing.T, cmd *exec.Cmd, out *strings.Builder) (res drivers.SuiteResult) {
	t.Helper()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(out.String()), &res); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return res
}

// A client that is kept from its work never leaves a valid result without the word that names it, in either kind of loop.
func TestStarved(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds for each kind of starvation")
	}
	cpu := firstCPU(t)
	for _, load := range []string{"closed", "open"} {
		for _, kind := range []struct {
			name  string
			env   []string
			hogs  int
			nicer int
			quota bool
			stop  bool
			words []string
		}{
			{name: "hogs", hogs: 3, words: []string{"ClientCrowded"}},
			{name: "nice", hogs: 3, nicer: 19, words: []string{"ClientCrowded"}},
			{name: "stopped", stop: true, words: []string{"ClientStalled"}},
			{name: "quota", quota: true, words: []string{"ClientThrottled"}},
			{name: "world", env: []string{worldEnv + "=1"}, words: []string{"ClientStalled", "ClientBusy"}},
		} {
			if kind.name == "nice" && load == "open" {
				continue // a minute of what the closed loop shows
			}
			t.Run(kind.name+" "+load, func(t *testing.T) {
				cmd := again(t, append(kind.env, clientEnv+"="+paced(t), loadEnv+"="+load)...)
				var out strings.Builder
				cmd.Stdout = &out
				into := func(int) error { return nil }
				if kind.quota {
					into = quota(t)
				}
				hogs(t, kind.hogs, cpu)
				startOn(t, cmd, cpu, kind.nicer)
				if err := into(cmd.Process.Pid); err != nil {
					t.Fatal(err)
				}
				if kind.stop {
					quit := make(chan struct{})
					defer close(quit)
					go stopAndGo(cmd.Process, quit)
				}
				res := outcomeOf(t, cmd, &out)
				named := slices.ContainsFunc(res.Reasons, func(r drivers.Reason) bool { return slices.Contains(kind.words, r.Reason) })
				t.Logf("valid %v, %v; TTFT %.1f ms, error bar %.2f ms", res.Valid, res.Reasons, res.Metrics["ttft_mean_ms"], res.Metrics["client_error_bar_ms"])
				if !named {
					t.Errorf("no reason is one of %v: %v", kind.words, res.Reasons)
				}
			})
		}
	}
}

// stopAndGo stops a process for 200 of every 250 ms.
func stopAndGo(p *os.Process, quit <-chan struct{}) {
	for {
		for _, step := range []struct {
			signal unix.Signal
			wait   time.Duration
		}{{unix.SIGSTOP, 200 * time.Millisecond}, {unix.SIGCONT, 50 * time.Millisecond}} {
			_ = p.Signal(step.signal)
			select {
			case <-quit:
				_ = p.Signal(unix.SIGCONT)
				return
			case <-time.After(step.wait):
			}
		}
	}
}

// An honest server under a moderate load is measured without a fault, time after time, also where the host is noisy: the
// noise is not what counts, but what it does to the numbers. Where the host gives the client so little that it does, the
// result says so, and the test too.
func TestHonest(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	for _, load := range []string{"closed", "open"} {
		valid, crowded := 0, 0
		for range 10 {
			cmd := again(t, clientEnv+"="+paced(t), loadEnv+"="+load)
			var out strings.Builder
			cmd.Stdout = &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			res := outcomeOf(t, cmd, &out)
			busy := slices.ContainsFunc(res.Reasons, func(r drivers.Reason) bool {
				return r.Reason == suite.ReasonClientCrowded || r.Reason == suite.ReasonClientStolen
			})
			switch {
			case res.Valid:
				valid++
			case busy && res.Metrics["client_foreign_cpu_percent"] > 100:
				crowded++
				t.Logf("the host is too busy: other programs used %.0f %% of a CPU: %v", res.Metrics["client_foreign_cpu_percent"], res.Reasons)
			default:
				t.Errorf("%s: not valid: %v, %v", load, res.Reasons, res.Metrics)
			}
		}
		t.Logf("%s: %d valid, %d on a host that was too busy", load, valid, crowded)
	}
}
