package calibrate

import (
	"fmt"
	"io"
	"slices"
	"time"

	"assay/drivers/suite"
	"assay/drivers/suite/selftest/truth"
)

// Options say what is measured.
type Options struct {
	Command []string      // the client: {url} becomes the server's address, {result} a file for its result
	Own     []string      // what runs a directory of a run of assay's own client: assay suite
	Pace    truth.Pace    // how the server answers
	Timeout time.Duration // of each client
	Log     io.Writer     // gets what the clients print
}

// Report is what was found: each figure of the client and of assay's own.
type Report struct {
	Figures []Figure `json:"figures"`
	Notes   []string `json:"notes,omitempty"`
}

// Figure is one line: what was measured, in words and as it is shown. A figure that the client does not tell is "not read".
type Figure struct {
	Name   string `json:"name"`
	Client string `json:"client"`
	Assay  string `json:"assay"`
}

// NotRead stands for a figure that a client does not tell in a form that is read.
const NotRead = "not read"

// seen is a request as the server saw it, on CLOCK_MONOTONIC.
type seen struct {
	arrived, first, last time.Duration
	tokens               int
}

// measured is one client.
type measured struct {
	seen   []seen  // of its measured requests, in the order of arrivals
	before int     // requests before these
	cpu    float64 // s of its processes, from the first arrival to the last answer
	known  bool    // whether cpu is
	claims *claims // what it says itself; nil: unread says why that is not known
	unread string
}

func (m measured) end() (last time.Duration) {
	for _, s := range m.seen {
		last = max(last, s.last)
	}
	return last
}

// rate is the arrivals a second, from the first to the last.
func (m measured) rate() float64 {
	n := len(m.seen)
	return float64(n-1) / max(1e-9, (m.seen[n-1].arrived-m.seen[0].arrived).Seconds())
}

// throughput is the answers a second, from the first arrival to the end of the last answer.
func (m measured) throughput() float64 {
	return float64(len(m.seen)) / max(1e-9, (m.end()-m.seen[0].arrived).Seconds())
}

// ttft are the times from a request's arrival to its first token, in ms, sorted.
func (m measured) ttft() (out []float64) {
	for _, s := range m.seen {
		out = append(out, suite.Millis(s.first-s.arrived))
	}
	slices.Sort(out)
	return out
}

// itl is the mean gap between two tokens, in ms; false when no answer has two.
func (m measured) itl() (float64, bool) {
	sum, n := time.Duration(0), 0
	for _, s := range m.seen {
		if s.tokens > 1 {
			sum, n = sum+s.last-s.first, n+s.tokens-1
		}
	}
	return suite.Millis(sum) / float64(max(1, n)), n > 0
}

// late are the times from when the client says that a request began to its arrival, in ms, sorted; nil: it does not say.
func (m measured) late() (out []float64) {
	if m.claims == nil || len(m.claims.Starts) != len(m.seen) {
		return nil
	}
	starts := slices.Sorted(slices.Values(m.claims.Starts))
	for i, s := range m.seen {
		out = append(out, suite.Millis(s.arrived)-1000*starts[i])
	}
	slices.Sort(out)
	return out
}

// figure gives both clients' value of one thing; "" is what was not told.
type figure struct {
	name string
	of   func(measured) string
}

func difference(claimed *float64, true float64, unit string) string {
	if claimed == nil {
		return ""
	}
	return fmt.Sprintf("%+.3f %s (says %.3f, was %.3f)", *claimed-true, unit, *claimed, true)
}

var figures = []figure{
	{"requests", func(m measured) string { return fmt.Sprint(len(m.seen)) }},
	{"arrivals a second", func(m measured) string { return fmt.Sprintf("%.2f", m.rate()) }},
	{"lateness, median", func(m measured) string { return percentile(m.late(), 50) }},
	{"lateness, p99", func(m measured) string { return percentile(m.late(), 99) }},
	{"TTFT error, median", func(m measured) string { return difference(m.claims.ttft(50), suite.Percentile(m.ttft(), 50), "ms") }},
	{"TTFT error, p99", func(m measured) string { return difference(m.claims.ttft(99), suite.Percentile(m.ttft(), 99), "ms") }},
	{"ITL error, mean", func(m measured) string {
		itl, any := m.itl()
		if !any {
			return "one token each"
		}
		return difference(m.claims.itl(), itl, "ms")
	}},
	{"throughput error", func(m measured) string {
		says := m.claims.throughput()
		if says == nil {
			return ""
		}
		return fmt.Sprintf("%+.2f %% (says %.2f a second, was %.2f)", 100*(*says/m.throughput()-1), *says, m.throughput())
	}},
	{"CPU per 1,000 requests", func(m measured) string {
		if !m.known {
			return "too short"
		}
		return fmt.Sprintf("%.2f s", 1000*m.cpu/float64(len(m.seen)))
	}},
}

func percentile(ms []float64, p float64) string {
	if len(ms) == 0 {
		return ""
	}
	return fmt.Sprintf("%.3f ms", suite.Percentile(ms, p))
}

// report puts two clients side by side.
func report(theirs, ours measured) (r Report) {
	for _, f := range figures {
		line := Figure{f.name, f.of(theirs), f.of(ours)}
		for _, text := range []*string{&line.Client, &line.Assay} {
			if *text == "" {
				*text = NotRead
			}
		}
		r.Figures = append(r.Figures, line)
	}
	if theirs.unread != "" {
		r.Notes = append(r.Notes, "The client's own figures are not read: "+theirs.unread)
	}
	if theirs.before > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("%d requests of the client came before those that it measured, and do not count.", theirs.before))
	}
	r.Notes = append(r.Notes, fmt.Sprintf("assay sent as many requests, at the rate at which the client's arrived (%.2f a second), as an open loop.", theirs.rate()))
	return r
}
