package view

import (
	"fmt"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/view/text"
)

// Running says what an experiment still runs, for how long, and how to stop it: one sentence a line, at least one.
func Running(e v1alpha1.ExperimentStatus) (lines []string) {
	jobs, nodes, waiting := map[string]bool{}, map[string]bool{}, map[string]bool{} // services of one group share a job
	var ends time.Time
	for _, v := range e.Services {
		for _, seat := range v.Seats {
			if seat.JobID == "" || len(seat.Nodes) == 0 {
				if pending(seat) {
					waiting[seat.Nonce] = true
				}
				continue
			}
			jobs[seat.JobID] = true
			for _, n := range seat.Nodes {
				nodes[n] = true
			}
			if seat.Ends != nil && seat.Ends.After(ends) {
				ends = *seat.Ends
			}
		}
	}
	for _, r := range e.Runs {
		if active(r) && !jobs[r.JobID] {
			lines = append(lines, fmt.Sprintf("experiment %s: run %s still goes on, in a job of its own (%s). Stop with: assay delete experiment %s", e.Name, r.ID, text.Dash(r.JobID), e.Name))
		}
	}
	if len(jobs) > 0 {
		left := ""
		if !ends.IsZero() {
			left = fmt.Sprintf(", at most %s more", text.Left(ends))
		}
		lines = append(lines, fmt.Sprintf("experiment %s: %d job(s) on %d node(s) still up%s. Stop with: assay delete experiment %s", e.Name, len(jobs), len(nodes), left, e.Name))
	}
	if len(waiting) > 0 {
		lines = append(lines, fmt.Sprintf("experiment %s: %d job(s) submitted, no node known yet. Stop with: assay delete experiment %s", e.Name, len(waiting), e.Name))
	}
	if len(lines) == 0 {
		lines = append(lines, nothingLeft(e.Name))
	}
	if line := scheduleLine(e.Schedule); line != "" {
		lines = append(lines, fmt.Sprintf("experiment %s: %s, if a controller runs then (assay controller)", e.Name, line))
	}
	return lines
}

func nothingLeft(experiment string) string {
	return fmt.Sprintf("experiment %s: nothing is left running.", experiment)
}

// pending reports whether a seat without nodes has a job that can still start: one that is queued, that the scheduler has
// not shown, or whose submission has an unknown outcome.
func pending(seat v1alpha1.SeatStatus) bool {
	return seat.Nonce != "" && (seat.JobState == "" || !drivers.JobState(seat.JobState).Terminal())
}
