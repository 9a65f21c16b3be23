package slurm

import (
	"fmt"
	"strconv"
	"strings"
)

// maxExpanded bounds the names of a node list.
const maxExpanded = 100_000

// ExpandNodes turns n[1-3,07],gpu-a into its names. Numbers keep their leading zeros.
func ExpandNodes(list string) ([]string, error) {
	if list == "" || list == "(null)" || list == "None assigned" {
		return nil, nil
	}
	var out []string
	for _, item := range splitOutside(list) {
		names, err := expand(item)
		if err != nil {
			return nil, fmt.Errorf("the node list %.200q: %w", list, err)
		}
		if out = append(out, names...); len(out) > maxExpanded {
			return nil, fmt.Errorf("the node list %.200q has more than %d names", list, maxExpanded)
		}
	}
	return out, nil
}

// splitOutside splits at the commas that are outside brackets.
func splitOutside(s string) []string {
	var out []string
	depth, from := 0, 0
	for i, r := range s {
		switch {
		case r == '[':
			depth++
		case r == ']':
			depth--
		case r == ',' && depth == 0:
			out, from = append(out, s[from:i]), i+1
		}
	}
	return append(out, s[from:])
}

// expand resolves the first bracket of an item, and the rest by calling itself.
func expand(item string) ([]string, error) {
	prefix, rest, found := strings.Cut(item, "[")
	if !found {
		if item == "" || strings.Contains(item, "]") {
			return nil, fmt.Errorf("%q is not a name of a node", item)
		}
		return []string{item}, nil
	}
	ranges, suffix, found := strings.Cut(rest, "]")
	if !found || strings.Contains(prefix, "]") {
		return nil, fmt.Errorf("%q has an unmatched bracket", item)
	}
	tails := []string{""}
	if suffix != "" {
		var err error
		if tails, err = expand(suffix); err != nil {
			return nil, err
		}
	}
	var out []string
	for r := range strings.SplitSeq(ranges, ",") {
		numbers, err := expandRange(r)
		if err != nil {
			return nil, err
		}
		for _, n := range numbers {
			for _, t := range tails {
				if out = append(out, prefix+n+t); len(out) > maxExpanded {
					return nil, fmt.Errorf("more than %d names", maxExpanded)
				}
			}
		}
	}
	return out, nil
}

func expandRange(r string) ([]string, error) {
	low, high, found := strings.Cut(r, "-")
	if !found {
		high = low
	}
	a, err1 := strconv.ParseUint(low, 10, 32)
	b, err2 := strconv.ParseUint(high, 10, 32)
	if err1 != nil || err2 != nil || b < a || b-a > maxExpanded {
		return nil, fmt.Errorf("%q is not a range", r)
	}
	var out []string
	for n := a; n <= b; n++ {
		out = append(out, fmt.Sprintf("%0*d", len(low), n))
	}
	return out, nil
}
