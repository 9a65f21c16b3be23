//go:build linux

package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/drivers/suite"
	"assay/drivers/suite/serving"
)

// measured is one run of a scenario by one client, with the server's record.
type measured struct {
	scenario scenario
	cpu      float64 // s, of the client in the measured window
	rows     []row
	truth    map[string]seen

	start, end float64 // s: from the start of the client to its first request, and from the last answer to its end
	memory     float64 // MiB, the most that the client took
	between    float64 // CPU seconds of the gateway between client and server
	queued     float64 // seconds in which its threads could have run and other work had the cores

	began, ended time.Duration // of the client's process
}

// row is a request as the client reports it.
type row struct {
	id                    string
	intended, sent, first time.Duration
	last                  time.Duration
	tokens, chunks        int
	failure               string
}

// seen is a request as the server recorded it.
type seen struct{ arrived, first time.Duration }

// errorAt is a percentile of the error of the client's TTFT, in ms.
func (m *measured) errorAt(p float64) float64 {
	var off []float64
	for _, r := range m.rows {
		if t, ok := m.truth[r.id]; ok && r.failure == "" {
			off = append(off, suite.Millis((r.first-r.sent)-(t.first-t.arrived)))
		}
	}
	return percentile(off, p)
}

// ttftAt is a percentile of the time to the first token, in ms.
func (m *measured) ttftAt(p float64) float64 {
	return m.at(p, func(r row) time.Duration { return r.first - r.sent })
}

// latencyAt is a percentile of the time to the last token, in ms.
func (m *measured) latencyAt(p float64) float64 {
	return m.at(p, func(r row) time.Duration { return r.last - r.sent })
}

func (m *measured) at(p float64, of func(row) time.Duration) float64 {
	var v []float64
	for _, r := range m.rows {
		v = append(v, suite.Millis(of(r)))
	}
	return percentile(v, p)
}

// lateAt is a percentile of how late the client sent, in ms.
func (m *measured) lateAt(p float64) float64 {
	var late []float64
	for _, r := range m.rows {
		if r.intended > 0 {
			late = append(late, suite.Millis(max(0, r.sent-r.intended)))
		}
	}
	return percentile(late, p)
}

func percentile(v []float64, p float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	slices.Sort(v)
	return suite.Percentile(v, p)
}

// cost is the CPU seconds of 1000 requests.
func (m *measured) cost() float64 { return 1000 * m.cpu / float64(len(m.rows)) }

// rateError is how far the rate of arrivals at the server is from the schedule's, in percent, from the first request to the
// last.
func (m *measured) rateError() float64 {
	var first, last, firstDue, lastDue time.Duration
	for i, r := range m.rows {
		at := m.truth[r.id].arrived
		if i == 0 || at < first {
			first = at
		}
		if i == 0 || r.intended < firstDue {
			firstDue = r.intended
		}
		last, lastDue = max(last, at), max(lastDue, r.intended)
	}
	if lastDue == 0 {
		due := time.Duration(float64(len(m.rows)-1) / m.scenario.rate * float64(time.Second))
		return 100 * math.Abs(1-float64(due)/float64(last-first))
	}
	return 100 * math.Abs(1-float64(lastDue-firstDue)/float64(last-first))
}

// span is the first request and the last answer.
func (m *measured) span() (first, last time.Duration) {
	first = m.rows[0].sent
	for _, r := range m.rows {
		first, last = min(first, r.sent), max(last, r.last)
	}
	return first, last
}

func (m *measured) wall() float64 {
	first, last := m.span()
	return (last - first).Seconds()
}

func (m *measured) throughput() float64 { return float64(len(m.rows)) / m.wall() }

func (m *measured) tokenRate() float64 {
	n := 0
	for _, r := range m.rows {
		n += r.tokens
	}
	return float64(n) / m.wall()
}

// lost is the number of chunks that the client did not see.
func (m *measured) lost() float64 {
	n := 0
	for _, r := range m.rows {
		n += m.scenario.tokens - r.chunks
	}
	return float64(n)
}

// readRows reads the samples that a client left in dir. Every request has to have succeeded.
func readRows(dir string) ([]row, error) {
	f, err := os.Open(filepath.Join(dir, serving.CSVFile))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, err
	}
	var out []row
	for _, l := range lines[1:] {
		r := row{id: l[0], intended: ns(l[1]), sent: ns(l[2]), first: ns(l[3]), last: ns(l[4]), failure: l[7]}
		r.tokens, _ = strconv.Atoi(l[5])
		r.chunks, _ = strconv.Atoi(l[6])
		if r.failure != "" {
			return nil, fmt.Errorf("request %s failed: %s", r.id, r.failure)
		}
		out = append(out, r)
	}
	return out, nil
}

func ns(s string) time.Duration {
	n, _ := strconv.ParseInt(s, 10, 64) // empty where it is not known
	return time.Duration(n)
}

// readTruth reads the server's record. Requests without an id are numbered in the order of their arrivals.
func readTruth(r io.Reader) (map[string]seen, error) {
	lines, err := csv.NewReader(r).ReadAll()
	slices.SortFunc(lines, func(a, b []string) int { return int(ns(a[1]) - ns(b[1])) })
	out, without := map[string]seen{}, 0
	for _, l := range lines {
		id := strings.TrimPrefix(l[0], "cmpl-")
		if id == "" {
			id = number(without)
			without++
		}
		out[id] = seen{ns(l[1]), ns(l[2])}
	}
	return out, err
}
