package v1alpha1

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time written as 90s, 5m, 2h30m or 2d.
type Duration time.Duration

// ParseDuration reads Go's duration syntax and whole days ("2d", "1d12h").
func ParseDuration(s string) (Duration, error) {
	rest := s
	var days time.Duration
	if i := strings.IndexByte(s, 'd'); i > 0 {
		n, err := strconv.Atoi(s[:i])
		if err != nil || n < 0 || n > 36500 {
			return 0, fmt.Errorf("%s is not a duration: %s", brief(s), durationHint(s))
		}
		days, rest = time.Duration(n)*24*time.Hour, s[i+1:]
		if rest == "" {
			return Duration(days), nil
		}
	}
	d, err := time.ParseDuration(rest)
	if err != nil || d < 0 || days+d < 0 { // the sum overflowed
		return 0, fmt.Errorf("%s is not a duration: %s", brief(s), durationHint(s))
	}
	return Duration(days + d), nil
}

// Std is d as the standard library's type.
func (d Duration) Std() time.Duration { return time.Duration(d) }

func (d Duration) String() string {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// MarshalJSON writes the string form.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// UnmarshalJSON reads the string form; a bare number is an error, since its unit would be a guess.
func (d *Duration) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		n := cut(string(b))
		return fmt.Errorf("%s has no unit: write %ss, %sm or %sh", n, n, n, n)
	}
	v, err := ParseDuration(s)
	*d = v
	return err
}

// Quantity is a number of bytes written as 512Mi, 64Gi, 1T or a bare number.
type Quantity int64

var quantityUnits = []struct {
	suffix string
	factor float64
}{
	{"Ki", 1 << 10}, {"Mi", 1 << 20}, {"Gi", 1 << 30}, {"Ti", 1 << 40},
	{"k", 1e3}, {"M", 1e6}, {"G", 1e9}, {"T", 1e12}, {"", 1},
}

// ParseQuantity reads a byte count with an optional binary or decimal suffix.
func ParseQuantity(s string) (Quantity, error) {
	for _, u := range quantityUnits {
		num, ok := strings.CutSuffix(s, u.suffix)
		if !ok {
			continue
		}
		v, err := strconv.ParseFloat(num, 64)
		if err != nil || math.IsNaN(v) || v < 0 || v*u.factor >= math.MaxInt64 {
			break
		}
		return Quantity(v * u.factor), nil
	}
	return 0, fmt.Errorf("%s is not a quantity: %s", brief(s), quantityHint(s))
}

func (q Quantity) String() string {
	for i := 3; i >= 0; i-- {
		if f := int64(quantityUnits[i].factor); int64(q) >= f && int64(q)%f == 0 {
			return strconv.FormatInt(int64(q)/f, 10) + quantityUnits[i].suffix
		}
	}
	return strconv.FormatInt(int64(q), 10)
}

// MarshalJSON writes the string form.
func (q Quantity) MarshalJSON() ([]byte, error) { return json.Marshal(q.String()) }

// UnmarshalJSON reads a string or a bare number of bytes.
func (q *Quantity) UnmarshalJSON(b []byte) error {
	s := string(b)
	if len(b) > 0 && b[0] == '"' {
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
	}
	v, err := ParseQuantity(s)
	*q = v
	return err
}

// Rate is a number of requests per second; 0 stands for inf, which is also how it is written.
type Rate float64

// Inf reports whether all requests are sent at once.
func (r Rate) Inf() bool { return r == 0 }

func (r Rate) String() string {
	if r.Inf() {
		return "inf"
	}
	return strconv.FormatFloat(float64(r), 'g', -1, 64)
}

// MarshalJSON writes "inf" or a number.
func (r Rate) MarshalJSON() ([]byte, error) {
	if r.Inf() {
		return []byte(`"inf"`), nil
	}
	return json.Marshal(float64(r))
}

// UnmarshalJSON reads "inf" or a positive number.
func (r *Rate) UnmarshalJSON(b []byte) error {
	if s := strings.Trim(string(b), `"`); s == "inf" {
		*r = 0
		return nil
	}
	var v float64
	if err := json.Unmarshal(b, &v); err != nil || v <= 0 {
		return fmt.Errorf("%s is not a request rate: %s", cut(string(b)), leading(string(b), "write inf or a number above 0"))
	}
	*r = Rate(v)
	return nil
}
