package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// report prints, by kind, how many faults there were and how long it took from the end of each until the services that it
// hit (all, where it hit no one in particular) were Ready and answering. Faults overlap, so a time holds those of others.
func report(out io.Writer, j *journal) {
	j.mu.Lock()
	defer j.mu.Unlock()
	type row struct {
		injected, nothing int
		times             []time.Duration
	}
	rows := map[string]*row{}
	injected := 0
	for _, d := range j.faults {
		r := rows[d.kind.name]
		if r == nil {
			r = &row{}
			rows[d.kind.name] = r
		}
		switch {
		case d.failed != "":
			r.nothing++
			continue
		case !d.back.IsZero():
			r.times = append(r.times, d.back.Sub(d.undone))
		}
		r.injected++
		injected++
	}
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "KIND\tFAULTS\tNOTHING TO HIT\tBACK\tMEDIAN\tMAX")
	for _, k := range table {
		r := rows[k.name]
		if r == nil {
			continue
		}
		slices.Sort(r.times)
		median, longest := "-", "-"
		if n := len(r.times); n > 0 {
			median, longest = seconds(r.times[n/2]), seconds(r.times[n-1])
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%s\t%s\n", k.name, r.injected, r.nothing, len(r.times), median, longest)
	}
	_ = t.Flush() // to standard output
	fmt.Fprintf(out, "seed %d: %d faults of %d kinds in %s, %d violations\n", j.o.seed, injected, len(rows), time.Since(j.begun).Round(time.Second), len(j.violations))
	laws := map[string]int{}
	for _, v := range j.violations {
		laws[v.law]++
	}
	for law, n := range laws {
		fmt.Fprintf(out, "  %d x %s\n", n, law)
	}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
