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

	"assay/drivers/suite/selftest/truth"
)

// runLimit bounds one run of one client.
const runLimit = 3 * time.Minute

// compare measures every scenario with every engine and prints the table.
func compare(ctx context.Context, rounds int, vllm, peers, only string) error {
	engines := []string{"assay", "plain"}
	others, missing := externals(vllm, peers)
	for _, e := range others {
		engines = append(engines, e.name)
	}
	fmt.Printf("Load generator against a server with exact records. %s, %d CPUs%s; median of %d rounds, engines in turn.\n"+
		"By ratio: this machine misses the target, but assay is as many times better than the plain client as where the target was set.\n\n",
		runtime.GOARCH, runtime.NumCPU(), pinning(), rounds)
	w := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprint(w, "SCENARIO\tFIGURE\tTARGET\tASSAY")
	for _, e := range engines[1:] {
		fmt.Fprintf(w, "\t%[1]s\t%[1]s/ASSAY", strings.ToUpper(e))
	}
	fmt.Fprintln(w)
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
			for _, e := range engines[:2] {
				m, err := once(ctx, s, e)
				if err != nil {
					return fmt.Errorf("%s with %s: %w", s.name, e, err)
				}
				got[e] = append(got[e], m)
			}
		}
		missing = append(missing, withOthers(ctx, s, others, got)...)
		for _, f := range s.figures {
			if !f.print(w, s.name, engines, got) {
				missed++
			}
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	closing(missing, missed)
	return nil
}

// closing says what was not compared, and how many targets were missed.
func closing(missing []string, missed int) {
	for _, m := range missing {
		fmt.Println("Not compared:", m)
	}
	if missed > 0 {
		fmt.Printf("\n%d targets missed on this machine in this run.\n", missed)
	}
}

// withOthers measures a scenario with other programs, once, because the start of some takes a minute, and says which of them it could not
// measure.
func withOthers(ctx context.Context, s scenario, others []external, got map[string][]*measured) (missing []string) {
	for _, e := range others {
		if e.argv(s, "", "") == nil {
			continue
		}
		m, err := once(ctx, s, e.name, e)
		if err != nil {
			missing = append(missing, fmt.Sprintf("%s in %q: %v", e.name, s.name, err))
			continue
		}
		got[e.name] = append(got[e.name], m)
	}
	return missing
}

// once runs a scenario with an engine of this program, or with another client, the server on one core and the client on another.
func once(ctx context.Context, s scenario, engine string, other ...external) (*measured, error) {
	fmt.Fprintf(os.Stderr, "measuring %s with %s\n", s.name, engine)
	m := &measured{}
	return m, against(ctx, s.server, func(ctx context.Context, url, dir string) (err error) {
		var used usage
		if len(other) > 0 {
			used, *m, err = other[0].run(ctx, s, url, dir)
		} else {
			*m, err = goClient(ctx, s, engine, url, dir)
		}
		m.scenario = s
		if err != nil {
			return err
		}
		resp, err := http.Get(url + "/truth")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if m.truth, err = readTruth(resp.Body); err == nil && used != nil {
			m.place()
			m.cpu = used.between(m.span())
		}
		return err
	})
}

// against has a client run against a server of its own, with a temporary folder, within a time.
func against(ctx context.Context, server truth.Pace, client func(ctx context.Context, url, dir string) error) error {
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	dir, err := os.MkdirTemp("", "selftest")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	url, stop, err := startTruth(ctx, server)
	if err != nil {
		return fmt.Errorf("starting the server: %w", err)
	}
	defer stop()
	return client(ctx, url, dir)
}
