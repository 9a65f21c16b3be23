package view

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/view/text"
)

// wideColumns name what -o wide adds.
func wideColumns(kind string) []string {
	switch kind {
	case "services":
		return []string{"JOB", "NODES", "LEFT", "REASON", "ENDPOINTS"}
	case "runs":
		return []string{"JOB", "REVISION", "DIRECTORY"}
	case "listeners":
		return []string{"JOB", "SECRET"}
	case "experiments":
		return []string{"BUDGET"} // spent+reserved/budget
	case "jobs":
		return []string{"PROCESS", "RESTARTS", "AGE", "ENDPOINTS", "DIRECTORY"}
	}
	return nil
}

func wideCells(o Object) []string {
	switch s := o.Status.(type) {
	case v1alpha1.ServiceStatus:
		return wideService(s)
	case v1alpha1.ExperimentStatus:
		return []string{text.Dash(SpendingCell(s))}
	case ListenerStatus:
		return []string{text.Dash(s.JobID), text.Dash(s.Credential)}
	case v1alpha1.RunStatus:
		return []string{text.Dash(s.JobID), s.Revision, s.Dir}
	case v1alpha1.SeatStatus:
		return []string{text.Dash(s.Phase), strconv.Itoa(s.Restarts), text.Age(timeOf(s.Started)), text.Dash(strings.Join(endpoints(s), ",")), text.Dash(s.Dir)}
	}
	return nil
}

// wideService sums up the seats: every job and endpoint, each node once, and the time until the first of them ends.
func wideService(s v1alpha1.ServiceStatus) []string {
	var jobs, nodes, urls []string
	var ends time.Time
	c := v1alpha1.Find(s.Conditions, v1alpha1.Ready)
	reasons := []string{strings.TrimSpace(c.Reason + " " + c.Message)}
	for _, seat := range s.Seats {
		if seat.JobID != "" {
			jobs = append(jobs, seat.JobID)
		}
		for _, n := range seat.Nodes {
			if !slices.Contains(nodes, n) {
				nodes = append(nodes, n)
			}
		}
		urls = append(urls, endpoints(seat)...)
		if seat.Ends != nil && (ends.IsZero() || seat.Ends.Before(ends)) {
			ends = *seat.Ends
		}
		pending := "pending: " + seat.Reason // the scheduler's own word
		if seat.JobState == string(drivers.JobPending) && seat.Reason != "" && !strings.Contains(reasons[0], seat.Reason) && !slices.Contains(reasons, pending) {
			reasons = append(reasons, pending)
		}
		if seat.Last != nil && seat.Restarts > 0 {
			reasons = append(reasons, fmt.Sprintf("restarted after %s %s ago", seat.Last.Reason, text.Age(seat.Last.At)))
		}
	}
	return []string{
		text.Dash(strings.Join(jobs, ",")), text.Dash(strings.Join(nodes, ",")), text.Left(ends),
		text.Dash(strings.TrimSpace(strings.Join(reasons, "; "))), text.Dash(strings.Join(urls, ",")),
	}
}

// endpoints are those of a seat: COMPONENT=URL when its service has several.
func endpoints(s v1alpha1.SeatStatus) []string {
	if len(s.Endpoints) == 0 {
		if s.Endpoint == "" {
			return nil
		}
		return []string{s.Endpoint}
	}
	var out []string
	for _, component := range slices.Sorted(maps.Keys(s.Endpoints)) {
		url := s.Endpoints[component]
		if component != "" {
			url = component + "=" + url
		}
		out = append(out, url)
	}
	return out
}
