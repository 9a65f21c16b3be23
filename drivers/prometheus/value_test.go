package prometheus

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"assay/drivers"
)

// TestValueKnowsItsAge: a value comes with the age of the oldest sample that it uses, whatever is computed from it, and what
// has no sample has no value.
func TestValueKnowsItsAge(t *testing.T) {
	e := start(t)
	now, app := time.Now(), e.db.Appender(t.Context())
	for _, s := range []struct {
		name, of string
		ago      time.Duration
		v        float64
	}{{"load", "a", 20 * time.Second, 6}, {"load", "b", 90 * time.Second, 10}, {"work", "a", 30 * time.Second, 1}, {"gone", "a", 10 * time.Minute, 1}} {
		if _, err := app.Append(0, labels.FromStrings("__name__", s.name, "of", s.of), now.Add(-s.ago).UnixMilli(), s.v); err != nil {
			t.Fatal(err)
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
	c, err := NewClient(e.URL(), queryToken, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	for expr, want := range map[string]struct {
		v   float64
		age time.Duration
	}{
		"avg(load)":                      {8, 90 * time.Second},
		`load{of="a"}`:                   {6, 20 * time.Second},
		"avg(load) + on() avg(work)":     {9, 90 * time.Second},
		`sum(load{of="a"} + work)`:       {7, 30 * time.Second},
		"sum(max_over_time(load[2m]))":   {16, 90 * time.Second},
		"sum(work or gone)":              {1, 30 * time.Second},
		"scalar(work) * 2":               {2, 30 * time.Second},
		"vector(3)":                      {3, 0},
		"max_over_time(work[1m:5s] @ 0)": {-1, 0},
	} {
		for name, asked := range map[string]drivers.Valuer{"embedded": e, "client": c} {
			v, age, err := asked.Value(t.Context(), expr)
			if want.v < 0 {
				if !errors.Is(err, drivers.ErrNotFound) {
					t.Errorf("%s: %s is %v, want that there is none: %v", name, expr, v, err)
				}
				continue
			}
			if late := time.Since(now) + time.Second; err != nil || v != want.v || age < want.age-time.Second || age > want.age+late {
				t.Errorf("%s: %s is %v, %s old (%v), want %v and %s", name, expr, v, age, err, want.v, want.age)
			}
		}
	}
	for expr, want := range map[string]error{"sum(gone)": drivers.ErrNotFound, "sum(gone) or vector(0)": drivers.ErrNotFound, "0/0 * sum(work)": drivers.ErrNotFound, "load": nil, "load[": nil, "load[5m]": nil} {
		v, _, err := e.Value(t.Context(), expr)
		if err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%s is %v (%v), want an error", expr, v, err)
		}
	}
}

func TestParse(t *testing.T) {
	for expr, want := range map[string]string{
		"avg(load": "is not valid PromQL: 1:", "load[5m]": "gives all samples of a range", `"text"`: "gives no number", "": "is not valid PromQL",
		"a+b+c+d+e+f+g+h+i": "selects series in 9 ways", "avg(load)": "", "1 + 1": "", `sum by (x) (rate(a{b="c"}[5m] offset 1m))`: "",
	} {
		err := Parse(expr)
		if (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", expr, err, want)
		}
	}
}
