package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"sigs.k8s.io/yaml"

	"assay/api/v1alpha1"
)

// table prints rows with a header: aligned on a terminal, tab-separated otherwise.
func (a *app) table(header []string, rows [][]string) {
	w, flush := a.out, func() error { return nil }
	if isTerminal(a.out) {
		tw := tabwriter.NewWriter(a.out, 0, 4, 3, ' ', 0)
		w, flush = tw, tw.Flush
	}
	writeRow(w, header)
	for _, r := range rows {
		writeRow(w, r)
	}
	_ = flush() // a closed pipe ends the program by itself
}

func writeRow(w io.Writer, cells []string) {
	for i, c := range cells {
		cells[i] = strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f {
				return ' '
			}
			return r
		}, c)
	}
	fmt.Fprintln(w, strings.Join(cells, "\t"))
}

// object is one item of a List: what users and their programs read back.
type object struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Metadata   metadata `json:"metadata"`
	Spec       any      `json:"spec,omitempty"`
	Status     any      `json:"status,omitempty"`
}

type metadata struct {
	Name       string            `json:"name"`
	Experiment string            `json:"experiment,omitempty"`
	Labels     map[string]string `json:"labels,omitempty"`
	Revision   string            `json:"revision,omitempty"`
	Generation int64             `json:"generation,omitempty"`
}

// list prints objects as JSON or YAML.
func (a *app) list(format string, items []object) error {
	if items == nil {
		items = []object{}
	}
	return a.print(format, map[string]any{"apiVersion": v1alpha1.APIVersion, "kind": "List", "items": items})
}

// oneOf refuses an output format that is not among those.
func oneOf(format string, formats ...string) error {
	if !slices.Contains(formats, format) {
		return exitError{exitUsage, fmt.Errorf("no output format %q; formats are %s", format, strings.TrimPrefix(strings.Join(formats, ", "), ", "))}
	}
	return nil
}

// print prints a value as JSON or YAML.
func (a *app) print(format string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("printing as JSON: %w", err)
	}
	if format == "yaml" {
		if b, err = yaml.JSONToYAML(b); err != nil {
			return fmt.Errorf("printing as YAML: %w", err)
		}
	}
	_, err = fmt.Fprintln(a.out, strings.TrimRight(string(b), "\n"))
	return err
}

// short is a length of time as kubectl prints it: 45s, 5m, 3h12m, 2d4h.
func short(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < 3*time.Hour:
		return pair(d, time.Minute, "m", time.Second, "s")
	case d < 48*time.Hour:
		return pair(d, time.Hour, "h", time.Minute, "m")
	}
	return pair(d, 24*time.Hour, "d", time.Hour, "h")
}

func pair(d, big time.Duration, b string, small time.Duration, s string) string {
	out := fmt.Sprintf("%d%s", d/big, b)
	if rest := d % big / small; rest > 0 && d/big < 10 {
		out += fmt.Sprintf("%d%s", rest, s)
	}
	return out
}

// since is the age of t, or "-" when there is none.
func since(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return short(time.Since(t))
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
