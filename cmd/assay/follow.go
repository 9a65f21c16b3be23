package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/term"

	"assay/api/v1alpha1"
	"assay/reconciler/store"
)

// lookEvery is how often a waiting command reads the status files.
const lookEvery = 300 * time.Millisecond

// wanted is what a waiting command waits for: an experiment at a generation.
type wanted struct {
	name       string
	generation int64
}

// follow shows the experiments until every one has settled: Ready with every run ended, suspended and released, or
// Stalled. It returns an error when one ended badly or the time is over.
func (a *app) follow(ctx context.Context, st *store.Store, want []wanted, timeout time.Duration) error {
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, timeout, fmt.Errorf("not settled within %s; it goes on if a controller runs (assay controller); look: assay get services", short(timeout)))
		defer cancel()
	}
	d := newDisplay(a)
	defer d.close()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		all, err := statuses(st, want)
		if err != nil {
			return err
		}
		d.show(all)
		if settled(all, want) {
			d.close()
			return failures(all)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

func statuses(st *store.Store, want []wanted) ([]v1alpha1.ExperimentStatus, error) {
	var out []v1alpha1.ExperimentStatus
	for _, w := range want {
		s, ok, err := st.Status(w.name)
		if err != nil {
			return nil, err
		}
		if ok && s.Generation >= w.generation {
			out = append(out, s)
		}
	}
	return out, nil
}

func settled(all []v1alpha1.ExperimentStatus, want []wanted) bool {
	if len(all) < len(want) {
		return false
	}
	for _, s := range all {
		if !settledOne(s) {
			return false
		}
	}
	return true
}

// settledOne reports whether nothing more will happen by itself.
func settledOne(s v1alpha1.ExperimentStatus) bool {
	if is(s.Conditions, v1alpha1.Stalled) {
		return true
	}
	return is(s.Conditions, v1alpha1.Complete) && !is(s.Conditions, v1alpha1.Reconciling)
}

func is(cs []v1alpha1.Condition, typ string) bool {
	return v1alpha1.Find(cs, typ).Status == v1alpha1.True
}

// failures is an error that names what is Stalled or Failed.
func failures(all []v1alpha1.ExperimentStatus) error {
	var bad []string
	for _, s := range all {
		for _, v := range s.Services {
			if c := v1alpha1.Find(v.Conditions, v1alpha1.Stalled); c.Status == v1alpha1.True {
				bad = append(bad, fmt.Sprintf("service %s/%s is stalled (%s): %s; look: assay logs %s/%s", s.Name, v.Name, c.Reason, c.Message, s.Name, v.Name))
			}
		}
		for _, b := range s.Benchmarks {
			if c := v1alpha1.Find(b.Conditions, v1alpha1.Failed); c.Status == v1alpha1.True {
				bad = append(bad, fmt.Sprintf("benchmark %s/%s failed (%s): %s; look: assay describe benchmark %s/%s", s.Name, b.Name, c.Reason, c.Message, s.Name, b.Name))
			}
		}
		if c := v1alpha1.Find(s.Conditions, v1alpha1.Stalled); c.Status == v1alpha1.True && len(bad) == 0 {
			bad = append(bad, fmt.Sprintf("experiment %s is stalled (%s): %s", s.Name, c.Reason, c.Message))
		}
	}
	if len(bad) == 0 {
		return nil
	}
	return fmt.Errorf("%s", strings.Join(bad, "\nassay: "))
}

// display redraws one line an object on a terminal; elsewhere it prints a line whenever an object's state changes.
type display struct {
	a     *app
	tty   bool
	width int
	start time.Time
	drawn int
	state map[string]string
	since map[string]time.Time
}

func newDisplay(a *app) *display {
	d := &display{a: a, tty: isTerminal(a.err), width: 120, start: time.Now(), state: map[string]string{}, since: map[string]time.Time{}}
	return d
}

// line is one object as it is now.
type line struct{ object, state, detail string }

func (d *display) show(all []v1alpha1.ExperimentStatus) {
	var lines []line
	for _, s := range all {
		lines = append(lines, progress(s)...)
	}
	for _, l := range lines {
		key := l.state + "\x00" + l.detail
		if d.state[l.object] == key {
			continue
		}
		changed := !strings.HasPrefix(d.state[l.object], l.state+"\x00")
		if changed {
			d.since[l.object] = time.Now()
		}
		d.state[l.object] = key
		if !d.tty && changed {
			d.a.say("%6s  %-32s %-20s %s", short(time.Since(d.start)), l.object, l.state, l.detail)
		}
	}
	if d.tty {
		d.draw(lines)
	}
}

func (d *display) draw(lines []line) {
	if w, _, err := term.GetSize(terminalFD(d.a.err)); err == nil && w > 20 {
		d.width = w
	}
	var b strings.Builder
	if d.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", d.drawn)
	}
	for _, l := range lines {
		text := fmt.Sprintf("%-32s %-20s %6s  %s", l.object, l.state, since(d.since[l.object]), l.detail)
		if r := []rune(text); len(r) > d.width-1 {
			text = string(r[:d.width-2]) + "…"
		}
		b.WriteString("\x1b[2K" + text + "\n")
	}
	d.drawn = len(lines)
	fmt.Fprint(d.a.err, b.String())
}

// close leaves the last drawing on the screen.
func (d *display) close() { d.drawn = 0 }

// progress sums an experiment up, one line for each service and each run that is not over in an earlier revision.
func progress(s v1alpha1.ExperimentStatus) []line {
	var out []line
	for _, v := range s.Services {
		out = append(out, line{s.Name + "/" + v.Name, serviceState(v), serviceDetail(v)})
	}
	for _, b := range s.Benchmarks {
		if b.Done < b.Runs && !hasActiveRun(s, b.Name) {
			c := v1alpha1.Find(b.Conditions, v1alpha1.Complete)
			out = append(out, line{s.Name + "/" + b.Name, "Waiting", strings.TrimSpace(c.Reason + " " + c.Message)})
		}
	}
	for _, r := range s.Runs {
		out = append(out, line{s.Name + "/" + r.ID, r.Phase, runDetail(r)})
	}
	return out
}

func hasActiveRun(s v1alpha1.ExperimentStatus, benchmark string) bool {
	for _, r := range s.Runs {
		if r.Benchmark == benchmark && (r.Phase == v1alpha1.RunPending || r.Phase == v1alpha1.RunRunning) {
			return true
		}
	}
	return false
}

// serviceState is one word: Ready, Stalled, or the reason why it is not Ready yet.
func serviceState(v v1alpha1.ServiceStatus) string {
	ready := v1alpha1.Find(v.Conditions, v1alpha1.Ready)
	switch {
	case is(v.Conditions, v1alpha1.Stalled):
		return "Stalled"
	case ready.Status == v1alpha1.True:
		return "Ready"
	case ready.Status == v1alpha1.Unknown:
		return "Unknown"
	}
	return ready.Reason
}

func serviceDetail(v v1alpha1.ServiceStatus) string {
	c := v1alpha1.Find(v.Conditions, v1alpha1.Ready)
	if is(v.Conditions, v1alpha1.Stalled) {
		c = v1alpha1.Find(v.Conditions, v1alpha1.Stalled)
	}
	if c.Status == v1alpha1.True && len(v.Seats) > 0 && v.Seats[0].Endpoint != "" {
		return v.Seats[0].Endpoint
	}
	return c.Message
}

func runDetail(r v1alpha1.RunStatus) string {
	switch {
	case r.Phase == v1alpha1.RunRunning && r.Progress != "":
		return r.Progress
	case r.Phase == v1alpha1.RunComplete:
		if c := v1alpha1.Find(r.Conditions, v1alpha1.Valid); c.Status == v1alpha1.False {
			return "not valid: " + c.Message
		}
		return ""
	}
	return strings.TrimSpace(r.Reason)
}
