package serving

import (
	"maps"
	"slices"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/suite"
)

// objective says how many requests kept each bound of a search, and all of them together. One that failed kept none; one of a
// single token has no time per token, and keeps a bound on it.
func (s *summary) objective(slo v1alpha1.SLO, reasons, faults []drivers.Reason, m map[string]float64) *drivers.Objective {
	if len(slo) == 0 {
		return nil
	}
	out := &drivers.Objective{}
	all := make([]bool, 0, s.rows.len())
	s.rows.all().each(func(r *row) { all = append(all, r.ok) })
	for _, name := range slices.Sorted(maps.Keys(slo)) {
		quantity, share, _ := v1alpha1.SLOBound(name)
		kept := make([]bool, 0, len(all))
		s.rows.all().each(func(r *row) { kept = append(kept, r.ok && within(r.quantity(quantity), slo[name])) })
		for i := range all {
			all[i] = all[i] && kept[i]
		}
		if share > 0 {
			out.Parts = append(out.Parts, suite.CountKept(name, kept))
		}
	}
	goodput := suite.CountKept(v1alpha1.GoodputPart, all)
	out.Parts = append(out.Parts, goodput)
	if _, given := m["goodput_rate_percent"]; !given { // by bounds of its own
		m["goodput_rate_percent"] = percent(goodput.Good, goodput.Of)
		if d := s.duration.Seconds(); d > 0 {
			m["request_goodput"] = float64(goodput.Good) / d
		}
	}
	out.Missed = suite.MissedBy(reasons, faults)
	return out
}

func (r *row) quantity(name string) float64 {
	switch name {
	case "ttft":
		return r.ttft
	case "tpot":
		return r.tpot
	}
	return r.e2el
}
