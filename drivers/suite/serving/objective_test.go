package serving

import (
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/suite"
)

// TestObjective: a search's run says how many requests kept each bound, and all together; one that failed kept none. A load at
// which too many fail is missed, whatever its shares, unless something else is wrong with the result. Other runs say nothing of it.
func TestObjective(t *testing.T) {
	s := summary{duration: 2 * time.Second, rows: &table{}}
	for i := range 100 {
		r := record{ttft: 200, tpot: 20, e2el: 900}
		switch {
		case i%10 == 0:
			r.failure = &suite.Failure{}
		case i%10 == 1:
			r.ttft = 400
		case i%10 == 2:
			r.tpot = 60
		}
		s.rows.add(&r, 0)
	}
	slo := v1alpha1.SLO{"ttft_p90": v1alpha1.Duration(300 * time.Millisecond), "tpot": v1alpha1.Duration(50 * time.Millisecond)}
	errorRate, late, note := suite.NewReason(suite.ReasonErrorRate, ""), suite.NewReason(suite.ReasonClientLate, ""), suite.NewReason(suite.ReasonCoalesced, "")
	for name, c := range map[string]struct {
		faults, notes []drivers.Reason
		missed        string
	}{
		"valid":             {nil, []drivers.Reason{note}, ""},
		"overloaded":        {nil, []drivers.Reason{suite.NewReason(suite.ReasonOverloaded, "")}, suite.ReasonOverloaded},
		"too many failed":   {[]drivers.Reason{errorRate}, nil, suite.ReasonErrorRate},
		"a late client too": {[]drivers.Reason{errorRate, late}, nil, ""},
	} {
		m := map[string]float64{}
		o := s.objective(slo, append(c.faults, c.notes...), c.faults, m)
		if o == nil || o.Missed != c.missed || len(o.Parts) != 2 {
			t.Fatalf("%s: %+v", name, o)
		}
		for i, want := range []drivers.Kept{{Part: "ttft_p90", Good: 80, Of: 100}, {Part: "goodput", Good: 70, Of: 100}} {
			if k := o.Parts[i]; k.Part != want.Part || k.Good != want.Good || k.Of != want.Of || k.Effective < 1 || k.Effective > 100 {
				t.Errorf("%s: %+v", name, k)
			}
		}
		if m["goodput_rate_percent"] != 70 || m["request_goodput"] != 35 {
			t.Errorf("%s: %v", name, m)
		}
	}
	if o := s.objective(nil, nil, nil, nil); o != nil {
		t.Errorf("%+v", o)
	}
}
