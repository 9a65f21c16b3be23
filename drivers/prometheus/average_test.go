package prometheus

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"assay/drivers"
)

// TestAverageSeesTheWindowAlone: a gauge and the rate of a counter that were high while a run was prepared and low while it
// measured are low on average, however far the expression looks back.
func TestAverageSeesTheWindowAlone(t *testing.T) {
	e := start(t)
	now := time.Now().Truncate(time.Second)
	from := now.Add(-time.Minute)
	app, counted := e.db.Appender(t.Context()), 0.0
	for at := now.Add(-3 * time.Minute); !at.After(now); at = at.Add(5 * time.Second) {
		load := 100.0
		if at.After(from) {
			load = 1
		}
		counted += 5 * load
		for name, v := range map[string]float64{"load": load, "work_total": counted} {
			if _, err := app.Append(0, labels.FromStrings("__name__", name), at.UnixMilli(), v); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
	c, err := NewClient(e.URL(), queryToken, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	window := []drivers.Span{{From: from, To: now}}
	for expr, want := range map[string]float64{
		"load": 1, "load + load": 2, "rate(work_total[30s])": 1, "max_over_time(load[20s])": 1, "max_over_time(rate(work_total[10s])[20s:5s])": 1,
	} {
		got, err := c.Average(t.Context(), expr, window, 5*time.Second)
		if err != nil || got < want-0.001 || got > want+0.001 {
			t.Errorf("%s is %v on average (%v), want %v", expr, got, err, want)
		}
	}
	for expr, want := range map[string]string{
		"rate(work_total[2m])": "measured for 1m0s, less than the 2m0s", "load offset 1m": "less than the 1m5s", "nobody": "has no sample", "load[": "reading the expression",
	} {
		if v, err := c.Average(t.Context(), expr, window, 5*time.Second); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is %v on average (%v), want an error with %q", expr, v, err, want)
		}
	}
	short := []drivers.Span{{From: from, To: from.Add(time.Second)}, {From: from.Add(5 * time.Second), To: now}}
	if v, err := c.Average(t.Context(), "load", short, 5*time.Second); err != nil || v != 1 {
		t.Errorf("with one short part: %v, %v", v, err)
	}
	if _, err := c.Average(t.Context(), "load", []drivers.Span{short[0], short[0]}, 5*time.Second); err == nil {
		t.Error("short parts alone gave a mean")
	}
}
