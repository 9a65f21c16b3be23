//go:build linux

package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// runLimit bounds one run of one client.
const runLimit = 3 * time.Minute

// compare measures every scenario with every engine and prints the table.
func compare(ctx context.Context, rounds int, vllm, only string) error {
	engines := []string{"assay", "plain"}
	if vllm != "" {
		engines = append(engines, "vllm")
	}
	fmt.Printf("Load generator against a server with exact records. %s, %d CPUs%s; median of %d rounds, engines in turn.\n"+
		"By ratio: this machine misses the target, but assay is as many times better than the plain client as where the target was set.\n\n",
		runtime.GOARCH, runtime.NumCPU(), pinning(), rounds)
	w := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "SCENARIO\tFIGURE\tTARGET\tASSAY\tPLAIN\tPLAIN/ASSAY"+map[bool]string{true: "\tVLLM\tVLLM/ASSAY"}[vllm != ""])
	missed := 0
	for _, s := range scenarios {
		if !strings.Contains(s.name, only) {
			continue
		}
		got := map[string][]*measured{}
		for round := range rounds {
			if s.once && round > 0 {
				break
			}
			for _, e := range engines {
				if e == "vllm" && len(got[e]) > 0 {
					continue // it takes a minute to start, so it runs once
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
		fmt.Printf("\n%d targets missed on this machine in this run.\n", missed)
	}
	return nil
}

// once runs a scenario with an engine, the server on one core and the client on another.
func once(ctx context.Context, s scenario, engine, vllm string) (*measured, error) {
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	dir, err := os.MkdirTemp("", "selftest")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	url, stop, err := startTruth(ctx, s.server)
	if err != nil {
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	defer stop()
	m := &measured{}
	var used usage
	if engine == "vllm" {
		used, m.rows, err = pythonClient(ctx, s, vllm, url, dir)
	} else {
		*m, err = goClient(ctx, s, engine, url, dir)
	}
	m.scenario = s
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
