package drivers

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
)

// gpuLine matches the line of the resources in `ray status`: used/total GPU.
var gpuLine = regexp.MustCompile(`(?m)^\s*[\d.]+/([\d.]+) GPU\s*$`)

// ParseRayStatus reads the output of `ray status`: how many nodes are active, and how many GPUs they have in all. The format
// is that of Ray 2.48.
func ParseRayStatus(out string) (nodes int, gpus float64, err error) {
	_, rest, ok := strings.Cut(out, "\nActive:\n")
	if !ok {
		return 0, 0, errors.New("`ray status` lists no active nodes")
	}
	for line := range strings.Lines(rest) {
		f := strings.Fields(line)
		if !strings.HasPrefix(line, " ") || len(f) < 2 {
			break
		}
		if n, err := strconv.ParseUint(f[0], 10, 31); err == nil { // else "(no active nodes)"
			nodes += int(n)
		}
	}
	if m := gpuLine.FindStringSubmatch(rest); m != nil {
		gpus, err = strconv.ParseFloat(m[1], 64)
	}
	return nodes, gpus, err
}
