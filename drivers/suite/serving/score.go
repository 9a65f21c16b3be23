package serving

import (
	"errors"
	"fmt"

	"assay/drivers/constraint"
	"assay/drivers/suite/loadgen/sse"
)

// verdict says whether an answer satisfies the constraint of its request.
type verdict string

const (
	compliant verdict = "compliant" // the whole answer does
	truncated verdict = "truncated" // it did as far as it went; the token limit cut it
	violated  verdict = "violated"
)

// scorer judges answers after the run, so that compiling and checking takes no time from the measurement.
type scorer struct {
	data   *dataset
	shared *constraint.Compiled // nil when every request has a constraint of its own
}

func newScorer(d *dataset) (*scorer, error) {
	s := &scorer{data: d}
	if d.own != nil || d.free {
		return s, nil
	}
	var err error
	if s.shared, err = constraint.Compile(d.shared); err != nil {
		return nil, fmt.Errorf("compile the constraint of data set %q: %w", d.name, err)
	}
	return s, nil
}

// judge scores the answer to request i. Truncated needs both: the limit was the reason to stop, and what is there is
// the beginning of something right. An answer that broke the constraint before it was cut is violated.
func (s *scorer) judge(i int, a sse.Answer) (verdict, error) {
	c := s.shared
	if c == nil {
		var err error
		if c, err = constraint.Compile(s.data.request(i).held); err != nil {
			return "", fmt.Errorf("compile the constraint of request %d: %w", i, err)
		}
	}
	err := c.Check(string(a.Text))
	if err == nil {
		return compliant, nil
	}
	if v, ok := errors.AsType[*constraint.Violation](err); ok && v.Truncated && (a.Finish == "length" || a.Finish == "") {
		return truncated, nil
	}
	return violated, nil
}
