package view

import (
	"fmt"
	"time"

	"assay/api/v1alpha1"
)

// scheduleLine says when an experiment is measured again; empty where it never is.
func scheduleLine(s *v1alpha1.ScheduleStatus) string {
	if s == nil {
		return ""
	}
	at := func(t time.Time) string { return t.Local().Format("2006-01-02 15:04 MST") }
	line := "measured again next at " + at(s.Next)
	if s.Round != nil {
		line += fmt.Sprintf(", last for %s", at(*s.Round))
	}
	if s.Due != nil {
		line += fmt.Sprintf("; that of %s waits until what is measured now has ended", at(*s.Due))
	}
	return line
}

// Scheduled says of a manifest when it would be measured again next; empty where never.
func Scheduled(e v1alpha1.Experiment, now time.Time) string {
	s, err := v1alpha1.ParseSchedule(e.Spec.Schedule, time.Local)
	if e.Spec.Schedule == "" || err != nil { // which was said before
		return ""
	}
	return fmt.Sprintf("experiment %s: %s (schedule: %s)", e.Metadata.Name, scheduleLine(&v1alpha1.ScheduleStatus{Next: s.Next(now)}), e.Spec.Schedule)
}
