package hardware

import (
	"errors"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// One source hangs, one fails, one has nothing to read: the last one's figures are there all the same.
func TestStalledSourceStallsNoOther(t *testing.T) {
	release, reads := make(chan struct{}), make(chan struct{}, 10)
	defer close(release)
	c := &collector{deadline: 20 * time.Millisecond, sources: []*source{
		{name: "stuck", read: func(*sink) error { reads <- struct{}{}; <-release; return nil }},
		{name: "broken", read: func(*sink) error { return errors.New("refused") }},
		{name: "nothing", read: func(*sink) error { return errNotHere }},
	}}
	fine := &source{name: "fine", read: func(out *sink) error { out.gauge("figure", "f", 7, "of", "caf\xe9"); return nil }}
	for range 3 {
		ch := make(chan prometheus.Metric, 100)
		c.Collect(ch)
		close(ch)
		metrics := fine.report(time.Minute)
		for m := range ch {
			metrics = append(metrics, m)
		}
		got := shown(t, metrics)
		for name, want := range map[string]float64{"figure": 7, "assay_collector_up/fine": 1, "assay_collector_up/stuck": 0, "assay_collector_up/broken": 0,
			"assay_collector_down_info/stuck": 1, "assay_collector_down_info/broken": 1} {
			if v, ok := got[name]; !ok || v != want {
				t.Errorf("%s is %v (%v), want %v", name, v, ok, want)
			}
		}
		if _, ok := got["assay_collector_up/nothing"]; ok {
			t.Error("hardware that is not there was mentioned")
		}
	}
	if len(reads) != 1 {
		t.Errorf("the stuck source was read %d times", len(reads))
	}
}
