package io500

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"assay/drivers/suite/storage"
)

// summary is what the program prints. A split run prints everything several times.
type summary struct {
	headers []string // versions
	phases  []line
	scores  []score
	errors  []string // ERROR INVALID and FATAL, each once
}

// line is the line of a phase.
type line struct {
	storage.Value
	scored  bool
	invalid bool
}

type score struct {
	bandwidth, metadata, total float64
	invalid                    bool
}

var (
	phaseLine = regexp.MustCompile(`^\[([A-Z ]+)\]\s+(\S+)\s+([-+.0-9a-z]+) (GiB/s|kIOPS) : time ([-+.0-9a-z]+) seconds(.*)$`)
	scoreLine = regexp.MustCompile(`^\[SCORE ?(?:INVALID)? ?\] Bandwidth ([-+.0-9a-z]+) GiB/s : IOPS ([-+.0-9a-z]+) kiops : TOTAL ([-+.0-9a-z]+)(.*)$`)
	errorLine = regexp.MustCompile(`(?:ERROR INVALID|FATAL).*`)
)

// parseOutput reads standard output or result_summary.txt.
func parseOutput(text string) (s summary) {
	seen := map[string]bool{}
	for l := range strings.Lines(text) {
		l = strings.TrimRight(l, "\r\n")
		if v, ok := strings.CutPrefix(l, "IO500 version "); ok {
			s.headers = append(s.headers, v)
		} else if m := scoreLine.FindStringSubmatch(l); m != nil {
			s.scores = append(s.scores, score{number(m[1]), number(m[2]), number(m[3]), strings.Contains(l, "INVALID")})
		} else if m := phaseLine.FindStringSubmatch(l); m != nil {
			s.phases = append(s.phases, line{storage.Value{Name: m[2], Value: number(m[3]), Unit: m[4], Seconds: number(m[5])},
				strings.HasPrefix(m[1], "RESULT"), strings.Contains(l, "INVALID")})
		} else if e := errorLine.FindString(l); e != "" && !seen[e] {
			seen[e] = true
			s.errors = append(s.errors, e)
		}
	}
	return s
}

// number is NaN when s is not a number; such a phase has no result.
func number(s string) float64 {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return math.NaN()
	}
	return v
}

// record is result.txt: key=value by section, in the order of the file.
type record struct {
	sections []string
	values   map[string]map[string]string
	errors   []string // its comments with ERROR INVALID
}

// parseRecord reads result.txt, also one that is not complete.
func parseRecord(text string) record {
	r := record{values: map[string]map[string]string{}}
	section := ""
	for l := range strings.Lines(text) {
		l = strings.TrimSpace(l)
		switch {
		case strings.HasPrefix(l, ";"):
			if strings.Contains(l, "ERROR INVALID") {
				r.errors = append(r.errors, strings.TrimSpace(strings.TrimPrefix(l, ";")))
			}
		case strings.HasPrefix(l, "[") && strings.HasSuffix(l, "]"):
			section = strings.Trim(l, "[]")
			r.sections = append(r.sections, section)
			r.values[section] = map[string]string{}
		case section != "":
			if key, value, ok := strings.Cut(l, "="); ok {
				r.values[section][strings.TrimSpace(key)] = strings.TrimSpace(value)
			}
		}
	}
	return r
}

// at is the phase that is running, by a result.txt that is being written, and its number.
func (r record) at() string {
	for i := len(r.sections) - 1; i >= 0; i-- {
		name := r.sections[i]
		if r.values[name]["t_start"] == "" {
			continue
		}
		for k, p := range storage.Phases {
			if p.Name == name {
				return fmt.Sprintf("%s (%d of %d)", name, k+1, len(storage.Phases))
			}
		}
		return name
	}
	return "starting"
}

// hash is IO500's checksum over the version, the scored phases in the order of the file, the two means and the score.
func (r record) hash() string {
	var h uint32
	add := func(key, value string) {
		var part uint32
		for _, c := range []byte(key + value) {
			part = (part<<2 | part>>30) + uint32(c)
		}
		h ^= part
	}
	add("version", r.values["run"]["version"])
	for _, p := range storage.Phases {
		if v, ok := r.values[p.Name]["score"]; ok {
			add(p.Name, v)
		}
	}
	s := r.values["SCORE"]
	add("MD", s["MD"])
	add("BW", s["BW"])
	total, _, invalid := strings.Cut(s["SCORE"], " ")
	add("SCORE", total)
	if invalid {
		add("valid", "NO")
	}
	return fmt.Sprintf("%X", h)
}
