package main

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// wideHeader names what -o wide adds.
func wideHeader(kind string) []string {
	switch kind {
	case "services":
		return []string{"JOB", "NODES", "LEFT", "REASON", "ENDPOINTS"}
	case "runs":
		return []string{"JOB", "REVISION", "DIRECTORY"}
	case "jobs":
		return []string{"PROCESS", "RESTARTS", "AGE", "ENDPOINTS", "DIRECTORY"}
	}
	return nil
}

func wideCells(o object) []string {
	switch s := o.Status.(type) {
	case v1alpha1.ServiceStatus:
		return wideService(s)
	case v1alpha1.RunStatus:
		return []string{dash(s.JobID), s.Revision, s.Dir}
	case v1alpha1.SeatStatus:
		var started time.Time
		if s.Started != nil {
			started = *s.Started
		}
		return []string{dash(s.Phase), strconv.Itoa(s.Restarts), since(started), dash(strings.Join(urls(s), ",")), dash(s.Dir)}
	}
	return nil
}

// wideService sums up the seats: every job and endpoint, each node once, and the time until the first of them ends.
func wideService(s v1alpha1.ServiceStatus) []string {
	var jobs, nodes, endpoints []string
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
		endpoints = append(endpoints, urls(seat)...)
		if seat.Ends != nil && (ends.IsZero() || seat.Ends.Before(ends)) {
			ends = *seat.Ends
		}
		word := "pending: " + seat.Reason // the scheduler's own
		if seat.JobState == string(drivers.JobPending) && seat.Reason != "" && !strings.Contains(reasons[0], seat.Reason) && !slices.Contains(reasons, word) {
			reasons = append(reasons, word)
		}
	}
	return []string{
		dash(strings.Join(jobs, ",")), dash(strings.Join(nodes, ",")), until(ends),
		dash(strings.TrimSpace(strings.Join(reasons, "; "))), dash(strings.Join(endpoints, ",")),
	}
}

// urls are the endpoints of a seat: COMPONENT=URL when its service has several.
func urls(s v1alpha1.SeatStatus) []string {
	if len(s.Endpoints) == 0 {
		if s.Endpoint == "" {
			return nil
		}
		return []string{s.Endpoint}
	}
	var out []string
	for _, component := range sortedKeys(s.Endpoints) {
		url := s.Endpoints[component]
		if component != "" {
			url = component + "=" + url
		}
		out = append(out, url)
	}
	return out
}
