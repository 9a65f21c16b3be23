package v1alpha1

import (
	"encoding/json"
	"fmt"
	"time"
)

// Time is a moment of the wall clock, written as 2026-12-01T08:00:00Z, with an offset (2026-12-01T08:00:00+01:00), or as a
// date, whose first moment in UTC it is. Zero is "not stated".
type Time struct{ time.Time }

// ParseTime reads RFC 3339, to the second, or a date.
func ParseTime(s string) (Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return Time{t.UTC().Truncate(time.Second)}, nil
		}
	}
	return Time{}, fmt.Errorf("%s is not a moment: write 2026-12-01T08:00:00Z, with an offset such as +01:00 for Z, or a date", brief(s))
}

func (t Time) String() string { return t.UTC().Format(time.RFC3339) }

// MarshalJSON writes RFC 3339 in UTC.
func (t Time) MarshalJSON() ([]byte, error) { return json.Marshal(t.String()) }

// UnmarshalJSON reads what ParseTime does.
func (t *Time) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("%s is not a moment: write 2026-12-01T08:00:00Z, or a date", cut(string(b)))
	}
	v, err := ParseTime(s)
	*t = v
	return err
}
