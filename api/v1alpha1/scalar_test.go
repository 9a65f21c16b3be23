package v1alpha1

import (
	"encoding/json"
	"testing"
	"time"
)

func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "2h30m": 150 * time.Minute, "2d": 48 * time.Hour, "1d12h": 36 * time.Hour,
		"0s": 0, "1.5s": 1500 * time.Millisecond, "1h0m0s": time.Hour, "10m0s": 10 * time.Minute,
	} {
		d, err := ParseDuration(text)
		if err != nil || d.Std() != want {
			t.Errorf("%s: got %v, %v; want %v", text, d, err, want)
		}
		if again, err := ParseDuration(d.String()); err != nil || again != d {
			t.Errorf("%s is written %s, which reads %v, %v", text, d, again, err)
		}
	}
	for _, text := range []string{"", "60", "-5s", "d", "1d-5h", "36501d", "36500d2000000h", "5 m", "inf"} {
		if d, err := ParseDuration(text); err == nil {
			t.Errorf("%q was read as %v", text, d)
		}
	}
}

func TestQuantity(t *testing.T) {
	for text, want := range map[string]Quantity{
		"512Mi": 512 << 20, "64Gi": 64 << 30, "1T": 1e12, "1000": 1000, "1.5Ki": 1536, "0": 0, "8k": 8000,
	} {
		q, err := ParseQuantity(text)
		if err != nil || q != want {
			t.Errorf("%s: got %d, %v; want %d", text, q, err, want)
		}
		if again, err := ParseQuantity(q.String()); err != nil || again != q {
			t.Errorf("%s is written %s, which reads %d, %v", text, q, again, err)
		}
	}
	for _, text := range []string{"", "-1", "64GB", "Gi", "nan", "inf", "1e30Ti", "9223372036854775807", "1 Gi"} {
		if q, err := ParseQuantity(text); err == nil {
			t.Errorf("%q was read as %d", text, q)
		}
	}
}

func TestRate(t *testing.T) {
	for text, want := range map[string]Rate{`"inf"`: 0, `2.5`: 2.5, `100`: 100} {
		var r Rate
		if err := json.Unmarshal([]byte(text), &r); err != nil || r != want {
			t.Errorf("%s: got %v, %v; want %v", text, r, err, want)
		}
		if data, err := json.Marshal(r); err != nil || string(data) != text {
			t.Errorf("%s is written %s, %v", text, data, err)
		}
	}
	for _, text := range []string{`0`, `-1`, `"5"`, `true`, `null`} {
		var r Rate
		if err := json.Unmarshal([]byte(text), &r); err == nil {
			t.Errorf("%s was read as %v", text, r)
		}
	}
}
