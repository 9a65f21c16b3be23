package plan

import (
	"maps"
	"slices"
	"strings"
)

// PointName is a run's point as one word: key=value pairs in the order of their keys; empty without a sweep.
func (r Run) PointName() string { return pointName(r.Point) }

func pointName(params map[string]string) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(params)) {
		parts = append(parts, k+"="+params[k])
	}
	return strings.Join(parts, ",")
}

func atPoint(params map[string]string) string {
	if len(params) == 0 {
		return ""
	}
	return " at " + pointName(params)
}
