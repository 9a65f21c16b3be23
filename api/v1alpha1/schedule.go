package v1alpha1

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// cronFields is what a schedule can be: five fields, or a word such as @daily.
var cronFields = cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)

// ParseSchedule reads when an experiment is measured again. Times are in the zone that CRON_TZ= names, else in zone.
func ParseSchedule(text string, zone *time.Location) (cron.Schedule, error) {
	name, rest, given := strings.Cut(strings.TrimSpace(text), " ")
	for _, word := range []string{"CRON_TZ=", "TZ="} {
		of, found := strings.CutPrefix(name, word)
		if !found {
			continue
		}
		var err error
		if zone, err = time.LoadLocation(of); err != nil || of == "" || of == "Local" {
			return nil, fmt.Errorf("no time zone %q is known here", of)
		}
		if text = rest; !given {
			text = ""
		}
	}
	if strings.HasPrefix(strings.TrimSpace(text), "@every") {
		return nil, errors.New("@every begins whenever it is read: name the times")
	}
	s, err := cronFields.Parse(text)
	if err != nil {
		return nil, err
	}
	at, ok := s.(*cron.SpecSchedule)
	if !ok || at.Next(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, errors.New("there is no such time")
	}
	at.Location = zone
	return at, nil
}

// schedule checks when the benchmarks are measured again.
func (c *checker) schedule(spec ExperimentSpec) {
	if spec.Schedule == "" {
		return
	}
	if _, err := ParseSchedule(spec.Schedule, time.UTC); err != nil {
		c.bad("spec.schedule", fmt.Sprintf("must be minute, hour, day of the month, month and day of the week, or @daily, @weekly and the like; found %s: %v", brief(spec.Schedule), err),
			`write "0 2 * * *" for every night at 2, or "CRON_TZ=Europe/Luxembourg 0 2 * * *"`)
		return
	}
	if len(spec.Benchmarks) == 0 {
		c.bad("spec.schedule", "has nothing to repeat: there is no benchmark", "declare benchmarks, or leave it out")
	}
}
