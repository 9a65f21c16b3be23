package results

import "fmt"

// GPUs is how many GPUs the target of the runs that count had, or why that is not known.
func (g Group) GPUs() (n int, why string) {
	n = -1
	for _, r := range g.Rows {
		one, why := r.GPUs()
		switch {
		case why != "":
			return 0, why
		case n >= 0 && n != one:
			return 0, fmt.Sprintf("runs of one point had %d and %d", n, one)
		}
		n = one
	}
	if n < 0 {
		return 0, "no run counts"
	}
	return n, ""
}

// GPUs is how many GPUs the target of a run had, or why that is not known.
func (r Row) GPUs() (n int, why string) {
	if len(r.Hardware) == 0 {
		return 0, "the result names no node of the target"
	}
	for _, node := range r.Hardware {
		if len(node.GPUs) == 0 {
			why := node.Absent["gpus"]
			if why == "" {
				why = "it names none"
			}
			return 0, "node " + node.Name + ": " + why
		}
		n += len(node.GPUs)
	}
	return n, ""
}
