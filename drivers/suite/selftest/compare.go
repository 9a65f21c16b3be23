//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/sys/unix"
)

// runLimit bounds one run of one client.
const runLimit = 3 * time.Minute

// compare measures every scenario with every engine and prints the table.
func compare(ctx context.Context, rounds int, vllm string) error {
	engines := []string{"assay", "plain"}
	if vllm != "" {
		engines = append(engines, "vllm")
	}
	fmt.Printf("Load generator against a server that keeps the truth. %s, %d CPUs%s; median of %d rounds, engines in turn.\n"+
		"By ratio: so many times better than the plain client, and as many as the target was on the machine where it was set.\n\n",
		runtime.GOARCH, runtime.NumCPU(), pinning(), rounds)
	w := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "SCENARIO\tFIGURE\tTARGET\tASSAY\tPLAIN\tPLAIN/ASSAY"+map[bool]string{true: "\tVLLM\tVLLM/ASSAY"}[vllm != ""])
	missed := 0
	for _, s := range scenarios {
		got := map[string][]*measured{}
		for range rounds {
			for _, e := range engines {
				if e == "vllm" && len(got[e]) > 0 {
					continue // it takes a minute to start: once has to do
				}
				fmt.Fprintf(os.Stderr, "measuring %s with %s\n", s.name, e)
				m, err := once(ctx, s, e, vllm)
				if err != nil {
					return fmt.Errorf("%s with %s: %w", s.name, e, err)
				}
				got[e] = append(got[e], m)
			}
		}
		for _, f := range s.figures {
			if !f.print(w, s.name, engines, got) {
				missed++
			}
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if missed > 0 {
		fmt.Printf("\n%d of the targets missed: of this machine, in this run.\n", missed)
	}
	return nil
}

// print writes one line and says whether the target was met: as it is or, since machines differ, by the ratio to the plain
// client that it means.
func (f figure) print(w io.Writer, scenario string, engines []string, got map[string][]*measured) bool {
	value := map[string]float64{}
	for _, e := range engines {
		var v []float64
		for _, m := range got[e] {
			v = append(v, f.of(m))
		}
		value[e] = percentile(v, 50)
	}
	ours, plain := value["assay"], value["plain"]
	met, target := true, "-"
	if f.target != none {
		target = "≤ " + format(f.target, f.unit)
		met = ours <= f.target
		if f.more {
			target, met = "≥ "+format(f.target, f.unit), ours >= f.target
		}
	}
	mark := ""
	if ratio := better(ours, plain, f.more); !met {
		mark = " (missed)"
		if wanted := f.ratio(); wanted != none && ratio >= wanted {
			mark, met = fmt.Sprintf(" (by ratio: %.1f ≥ %.1f)", ratio, wanted), true
		}
	}
	fmt.Fprintf(w, "%s\t%s\t%s\t%s%s", scenario, f.name, target, format(ours, f.unit), mark)
	for _, e := range engines[1:] {
		ratio := "-"
		if ours != 0 && !math.IsNaN(value[e]) {
			ratio = fmt.Sprintf("%.2f", value[e]/ours)
		}
		fmt.Fprintf(w, "\t%s\t%s", format(value[e], f.unit), ratio)
	}
	fmt.Fprintln(w)
	return met
}

// better is how many times better ours is.
func better(ours, other float64, more bool) float64 {
	if more {
		return ours / other
	}
	return other / ours
}

func format(v float64, unit string) string {
	if math.IsNaN(v) {
		return "-"
	}
	text := strconv.FormatFloat(v, 'f', 3, 64)
	if math.Abs(v) >= 100 || v == math.Trunc(v) {
		text = strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strings.TrimSpace(text + " " + unit)
}

// once runs a scenario with an engine, the server on one core and the client on another.
func once(ctx context.Context, s scenario, engine, vllm string) (*measured, error) {
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	dir, err := os.MkdirTemp("", "loadbench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	url, stop, err := startTruth(ctx, s.server)
	if err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	defer stop()
	m := &measured{scenario: s}
	var used usage
	if engine == "vllm" {
		used, m.rows, err = pythonClient(ctx, s, vllm, url, dir)
	} else {
		m.cpu, m.rows, err = goClient(ctx, s, engine, url, dir)
	}
	if err != nil {
		return nil, err
	}
	resp, err := http.Get(url + "/truth")
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if m.truth, err = readTruth(resp.Body); err == nil && used != nil {
		m.place()
		m.cpu = used.between(m.rows)
	}
	return m, err
}

func startTruth(ctx context.Context, p pace) (url string, stop func(), err error) {
	cmd, err := again(ctx, "truth", p.ttft.String(), p.itl.String(), strconv.Itoa(p.tokens))
	if err != nil {
		return "", nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := startOn(cmd, 1); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = cmd.Process.Signal(unix.SIGTERM)
		_ = cmd.Wait()
	}
	var address string
	if _, err := fmt.Fscan(out, &address); err != nil {
		stop()
		return "", nil, err
	}
	return "http://" + address, stop, nil
}

// again is this program with other arguments.
func again(ctx context.Context, args ...string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(unix.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	return cmd, nil
}

func goClient(ctx context.Context, s scenario, engine, url, dir string) (cpu float64, rows []row, err error) {
	cmd, err := again(ctx, "client", engine, s.name, url, dir)
	if err != nil {
		return 0, nil, err
	}
	var out strings.Builder
	cmd.Stdout = &out
	if err := startOn(cmd, 0); err != nil {
		return 0, nil, err
	}
	if err := cmd.Wait(); err != nil {
		return 0, nil, err
	}
	if _, err := fmt.Sscan(out.String(), &cpu); err != nil {
		return 0, nil, err
	}
	rows, err = readRows(dir)
	return cpu, rows, err
}

// cores are the two that server and client get, when there are as many.
func cores() []int {
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) != nil {
		return nil
	}
	var out []int
	for cpu := range 1024 {
		if set.IsSet(cpu) {
			out = append(out, cpu)
		}
	}
	if len(out) < 2 {
		return nil
	}
	return out[:2]
}

func pinning() string {
	if cores() == nil {
		return ", client and server on the same one"
	}
	return ", the client pinned to one and the server to another"
}

// startOn starts a program on one of the cores: it inherits the mask of the thread that starts it.
func startOn(cmd *exec.Cmd, which int) error {
	own := cores()
	if own == nil {
		return cmd.Start()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	one.Set(own[which])
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return err
	}
	return errors.Join(cmd.Start(), unix.SchedSetaffinity(0, &before))
}

// newest is the latest file of a pattern.
func newest(pattern string) (string, error) {
	files, err := filepath.Glob(pattern)
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("nothing matches %s", pattern)
	}
	if err != nil {
		return "", err
	}
	return slices.Max(files), nil
}
