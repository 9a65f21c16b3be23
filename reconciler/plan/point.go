package plan

import (
	"maps"
	"slices"
	"strings"
)

// PointName is a run's point as one word: key=value pairs in the order of their keys; empty without a sweep.
func (r Run) PointName() string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(r.Point)) {
		parts = append(parts, k+"="+r.Point[k])
	}
	return strings.Join(parts, ",")
}
