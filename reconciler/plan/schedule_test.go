package plan

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"assay/api/v1alpha1"
)

// TestLastBefore compares the search for the last time with a walk over all of them.
func TestLastBefore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom([]string{"* * * * *", "*/7 3-5 * * *", "0 2 * * *", "30 1 1 * *", "0 0 * * 1", "15 4 29 2 *", "CRON_TZ=Europe/Luxembourg 30 2 * * *"}).Draw(t, "schedule")
		s, err := v1alpha1.ParseSchedule(text, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		after := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.Int64Range(0, 400*24*3600).Draw(t, "seconds")) * time.Second)
		now := after.Add(time.Duration(rapid.Int64Range(0, 4*24*3600).Draw(t, "later")) * time.Second)
		var want time.Time
		for at := s.Next(after); !at.IsZero() && !at.After(now); at = s.Next(at) {
			want = at
		}
		if got := lastBefore(s, after, now); !got.Equal(want) {
			t.Fatalf("%s after %s and before %s: %s, want %s", text, after, now, got, want)
		}
	})
}

// TestLongAgo: years without a controller cost no more than a night.
func TestLongAgo(t *testing.T) {
	s, err := v1alpha1.ParseSchedule("* * * * *", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 1, 1, 0, 0, 30, 0, time.UTC)
	asked := 0
	counted := scheduleFunc(func(after time.Time) time.Time { asked++; return s.Next(after) })
	if got := lastBefore(counted, now.AddDate(-20, 0, 0), now); !got.Equal(now.Truncate(time.Minute)) || asked > 40 {
		t.Errorf("%s after %d questions", got, asked)
	}
}

type scheduleFunc func(time.Time) time.Time

func (f scheduleFunc) Next(after time.Time) time.Time { return f(after) }
