package serving

import (
	"time"

	"assay/api/v1alpha1"
)

// summarise sums up records that are in memory.
func summarise(records []record) summary {
	s := summary{rows: newTable(""), start: records[0].sent}
	for i := range records {
		s.start = min(s.start, records[i].sent)
	}
	for i := range records {
		s.add(&records[i], int64(i))
	}
	s.again = func(r *row) (record, error) { return records[r.at], nil }
	return s
}

func steady(records []record) (from, to time.Duration, ok bool) {
	s := summarise(records)
	return s.crowd().steady()
}

func judgeLoad(records []record, v *v1alpha1.Serving, open bool) kept {
	s := summary{rows: newTable("")}
	for i := range records {
		s.rows.add(&records[i], int64(i))
	}
	return s.load(v, open)
}
