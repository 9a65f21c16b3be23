package redact

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

type inner struct {
	Name, Message string
	At            time.Time
}

type outer struct {
	Error    string
	Progress string
	Name     string
	List     []inner
	Pointer  *inner
	Map      map[string]inner
	Any      any
	Numbers  map[string]float64
	Bytes    []byte
	hidden   string
}

// TestMessages changes the fields of what others said, wherever they are, and nothing else; the record itself stays.
func TestMessages(t *testing.T) {
	now := time.Now()
	make := func(m string) outer {
		return outer{Error: m, Progress: m, Name: "x", List: []inner{{"x", "ok", now}, {"x", m, now}}, Pointer: &inner{"x", m, now}, Map: map[string]inner{"x": {"x", m, now}, "y": {}},
			Any: inner{"x", m, now}, Numbers: map[string]float64{"x": 1}, Bytes: []byte("x"), hidden: "x"}
	}
	upper := func(s string) string { return strings.ReplaceAll(s, "x", "X") }
	before := make("ax")
	got := Messages(before, upper)
	if want := make("aX"); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if !reflect.DeepEqual(before, make("ax")) {
		t.Errorf("the record was changed: %+v", before)
	}
	same := Messages(before, func(s string) string { return s })
	if &same.List[0] != &before.List[0] || same.Pointer != before.Pointer {
		t.Error("an unchanged record was copied")
	}
	if got := Messages[any](inner{Message: "x"}, upper); got.(inner).Message != "X" {
		t.Errorf("%+v", got)
	}
	if got := Messages[*inner](nil, upper); got != nil {
		t.Errorf("%+v", got)
	}
}
