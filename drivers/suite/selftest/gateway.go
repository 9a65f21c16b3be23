//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/sys/unix"

	"assay/drivers"
	"assay/drivers/suite/selftest/truth"
)

// behind is the load that passes through a gateway, and beside it: 200 streams at a time.
var behind = scenario{
	name: "500 requests/s, 200 streams", server: truth.Pace{TTFT: 100 * time.Millisecond, ITL: 20 * time.Millisecond}, tokens: 16, prompts: 5000, rate: 500,
}

// mostAdded is what a gateway may add to the 99th percentile of the TTFT, in ms.
const mostAdded = 0.5

// gatewayFigures are what a gateway changes. The last two are of the gateway's process: where it waits for a core longer than it
// runs, the machine has other work, and the times say more of that than of the gateway.
var gatewayFigures = []figure{
	{"TTFT p50", "ms", none, none, false, func(m *measured) float64 { return m.ttftAt(50) }},
	{"TTFT p99", "ms", mostAdded, none, false, func(m *measured) float64 { return m.ttftAt(99) }},
	{"latency p99", "ms", none, none, false, func(m *measured) float64 { return m.latencyAt(99) }},
	{"CPU of what is between per 1000 requests", "s", none, none, false, func(m *measured) float64 { return 1000 * m.between / float64(len(m.rows)) }},
	{"its waits for a core per 1000 requests", "s", none, none, false, func(m *measured) float64 { return 1000 * m.queued / float64(len(m.rows)) }},
}

// compareGateway measures one load straight at the server and through the gateway of an assay, in turn, and prints both.
func compareGateway(ctx context.Context, rounds int, assay string) error {
	got := map[string][]*measured{}
	for range rounds {
		for _, way := range []string{"direct", "relay", "gateway"} {
			fmt.Fprintf(os.Stderr, "measuring %s, %s\n", behind.name, way)
			m, err := onceVia(ctx, way, assay)
			if err != nil {
				return fmt.Errorf("%s: %w", way, err)
			}
			got[way] = append(got[way], m)
		}
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintf(w, "\nA gateway before the server, on either core; median of %d rounds, in turn. A relay copies bytes and knows nothing of\nHTTP: what it adds is what two cores add to anything between.\n\nSCENARIO\tFIGURE\tDIRECT\tRELAY\tGATEWAY\tRELAY ADDS\tGATEWAY ADDS\tTARGET\n", rounds)
	missed, floor := false, false
	for _, f := range gatewayFigures {
		direct, relayed, through := f.median(got["direct"]), f.median(got["relay"]), f.median(got["gateway"])
		target := "-"
		if f.target != none {
			target = "≤ " + format(f.target, f.unit)
			if through-direct > f.target {
				target, missed = target+" (missed)", true
			}
			floor = floor || relayed-direct > f.target
		}
		fmt.Fprintf(w, "%s\t%s", behind.name, f.name)
		for _, v := range []float64{direct, relayed, through, relayed - direct, through - direct} {
			fmt.Fprintf(w, "\t%s", format(v, f.unit))
		}
		fmt.Fprintf(w, "\t%s\n", target)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if missed {
		fmt.Println("\nThe gateway's target was missed on this machine in this run.")
	}
	if floor {
		fmt.Println("The relay misses it too: these cores, with what else they had to do, do not grant it to anything between.")
	}
	return nil
}

func (f figure) median(all []*measured) float64 {
	var v []float64
	for _, m := range all {
		v = append(v, f.of(m))
	}
	return percentile(v, 50)
}

// onceVia runs the load once.
func onceVia(ctx context.Context, way, assay string) (*measured, error) {
	m := &measured{}
	return m, against(ctx, behind.server, func(ctx context.Context, url, dir string) (err error) {
		end := func() (ran, queued float64) { return 0, 0 }
		switch way {
		case "relay":
			url, end, err = startRelay(ctx, url)
		case "gateway":
			url, end, err = startGateway(ctx, assay, url, dir)
		}
		if err != nil {
			return fmt.Errorf("starting the %s: %w", way, err)
		}
		*m, err = goClient(ctx, behind, "assay", url, dir)
		m.between, m.queued = end()
		return err
	})
}

// startRelay starts a relay before a server. What end returns is as that of startGateway.
func startRelay(ctx context.Context, server string) (url string, end func() (ran, queued float64), err error) {
	cmd, err := reexec(ctx, "relay", strings.TrimPrefix(server, "http://"))
	if err != nil {
		return "", nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	var address string
	if _, err := fmt.Fscan(out, &address); err != nil {
		ended(cmd)
		return "", nil, err
	}
	return "http://" + address, func() (ran, queued float64) { return ended(cmd) }, nil
}

// ended ends a process between client and server. It returns the CPU time that it took, and how long it waited for a core, in seconds.
func ended(cmd *exec.Cmd) (ran, queued float64) {
	queued = queuedFor(cmd.Process.Pid)
	_ = cmd.Process.Signal(unix.SIGTERM)
	_ = cmd.Wait()
	return (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), queued
}

// startGateway starts a gateway before a server. What end returns is the CPU time that it took, and how long
// it waited for a core, in seconds.
func startGateway(ctx context.Context, assay, server, dir string) (url string, end func() (ran, queued float64), err error) {
	list := filepath.Join(dir, "servers.json")
	text, err := json.Marshal([]drivers.Upstream{{Model: model, URL: server}})
	if err != nil {
		return "", nil, err
	}
	if err := os.WriteFile(list, text, 0o600); err != nil {
		return "", nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	address := l.Addr().String()
	_ = l.Close()
	cmd := exec.CommandContext(ctx, assay, "gateway", "--listen", address, "--servers", list)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	end = func() (ran, queued float64) { return ended(cmd) }
	for range 200 {
		resp, err := http.Get("http://" + address + "/v1/models")
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return "http://" + address, end, acquaint("http://" + address)
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	end()
	return "", nil, errors.New("it does not answer; is " + strings.TrimSpace(assay) + " an assay?")
}

// acquaint lets a gateway see that the server keeps its connections, which takes it a second: a gateway that has worked for weeks
// is what is measured.
func acquaint(url string) error {
	ask := fmt.Sprintf(`{"model":%q,"prompt":"hello","max_tokens":1,"stream":true}`, model)
	resp, err := http.Post(url+"/v1/completions", "application/json", strings.NewReader(ask))
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	time.Sleep(2 * time.Second)
	return errors.Join(err, resp.Body.Close())
}

// queuedFor is how long the threads of a process were ready to run and did not, in seconds.
func queuedFor(pid int) (sum float64) {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	for _, f := range files {
		var ran, waited int64
		if b, err := os.ReadFile(f); err == nil { // a thread can end
			_, _ = fmt.Sscan(string(b), &ran, &waited)
		}
		sum += time.Duration(waited).Seconds()
	}
	return sum
}
