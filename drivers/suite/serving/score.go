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
	compliant verdict = "compliant" // the whole answer satisfies it
	truncated verdict = "truncated" // the token limit cut the beginning of an answer that could
	violated  verdict = "violated"
)

// scorer judges answers after the run, so that compiling and checking takes no CPU time from the measurement.
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
		return nil, fmt.Errorf("compiling the constraint of data set %q: %w", d.name, err)
	}
	return s, nil
}

// judge scores the answer to request i. An answer is truncated when the token limit ended it and it could still have become
// compliant; one that broke the constraint before it was cut is violated.
func (s *scorer) judge(i int, a sse.Answer) (verdict, error) {
	c := s.shared
	if c == nil {
		var err error
		if c, err = constraint.Compile(s.data.request(i).held); err != nil {
			return "", fmt.Errorf("compiling the constraint of request %d: %w", i, err)
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
