package view

import (
	"fmt"

	"assay/api/v1alpha1"
	"assay/reconciler/store"
)

// controller is what a holder of the lease is that stays; see package resident.
const controller = "controller"

// mostGoingOn is how many lines tell what goes on after an interrupt.
const mostGoingOn = 6

// GoesOn says, to who interrupts a command, what goes on, who looks after it, and how to continue or to stop it.
func GoesOn(all []v1alpha1.ExperimentStatus, holder store.Holder, holds bool) (lines []string) {
	left := 0
	for _, e := range all {
		for _, l := range Running(e) {
			switch {
			case l == nothingLeft(e.Name):
			case len(lines) == mostGoingOn:
				left++
			default:
				lines = append(lines, l)
			}
		}
	}
	if left > 0 {
		lines = append(lines, fmt.Sprintf("and %d more; all of them: assay get jobs", left))
	}
	switch {
	case holds && holder.What == controller:
		return append(lines, fmt.Sprintf("The controller (pid %d on %s) looks after everything, so it goes on as declared. Look: assay get all", holder.PID, holder.Host))
	case holds:
		return append(lines, fmt.Sprintf("assay %s (pid %d on %s) looks after everything until it ends. To have it looked after for good: assay controller", holder.What, holder.PID, holder.Host))
	}
	return append(lines, "Jobs that were submitted go on, and nobody looks after them now: what ends does not come back, and what is not started or measured yet waits. Go on with: assay controller, or the same command again")
}
