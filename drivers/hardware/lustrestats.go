package hardware

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// lustreStats are the counters of one target of one layer.
type lustreStats struct {
	part, target string
	snapshot     float64 // the client's own clock, for rates; 0 where it says none
	counts       map[string]lustreCount
}

// lustreCount is one line. Operations that never happened have none.
type lustreCount struct {
	samples float64
	unit    string
	sum     float64
	hasSum  bool
}

// parseLustre reads lines such as `open 136 samples [usec] 1 7252 1027077 883536416`: name, how often, unit, least, most, sum
// and, in some releases, the sum of squares, which is why the sum is the seventh field and not the last.
func parseLustre(part, target, text string) lustreStats {
	s := lustreStats{part: part, target: target, counts: map[string]lustreCount{}}
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) >= 2 && f[0] == "snapshot_time" {
			s.snapshot, _ = positive(f[1])
			continue
		}
		if len(f) < 4 || f[2] != "samples" {
			continue
		}
		n, ok := positive(f[1])
		if !ok {
			continue
		}
		c := lustreCount{samples: n, unit: strings.Trim(f[3], "[]")}
		if len(f) >= 7 {
			c.sum, c.hasSum = positive(f[6])
		}
		s.counts[f[0]] = c
	}
	return s
}

// parseLctl splits the output of lctl get_param, where each target begins with a line such as `llite.scratch-ffff9440.stats=`.
func parseLctl(text string) []lustreStats {
	var all []lustreStats
	seen := map[string]bool{}
	var name string
	var body strings.Builder
	flush := func() {
		part, target, ok := strings.Cut(name, ".")
		if s := parseLustre(part, target, body.String()); ok && len(s.counts) > 0 && !seen[name] && slices.Contains(lustreParts, part) {
			seen[name] = true
			all = append(all, s)
		}
		body.Reset()
	}
	for line := range strings.Lines(text) {
		if head, ok := strings.CutSuffix(strings.TrimSpace(line), ".stats="); ok {
			flush()
			name = head
			continue
		}
		body.WriteString(line)
	}
	flush()
	return all
}

func positive(s string) (float64, bool) {
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil && v >= 0 && !math.IsInf(v, 0)
}

func (s lustreStats) emit(out *sink) {
	component := s.part
	if component == "llite" {
		component = "client"
	}
	labels := []string{"component", component, "target", s.target}
	if s.snapshot > 0 {
		out.gauge("lustre_snapshot_time_seconds", "When the client took these counters, by its own clock.", s.snapshot, labels...)
	}
	for name, c := range s.counts {
		switch {
		case name == "read_bytes" || name == "write_bytes":
			verb := strings.TrimSuffix(name, "_bytes")
			out.counter("lustre_"+verb+"_samples_total", "How often bytes were moved: "+verb+".", c.samples, labels...)
			if c.hasSum {
				out.counter("lustre_"+verb+"_bytes_total", "Bytes moved: "+verb+".", c.sum, labels...)
			}
			continue
		case c.hasSum && (c.unit == "usec" || c.unit == "usecs"):
			out.counter("lustre_operation_seconds_total", "Seconds that operations took in all.", c.sum/1e6, append(labels, "operation", name)...)
		}
		out.counter("lustre_stats_total", "How often operations were done.", c.samples, append(labels, "operation", name)...)
	}
}
