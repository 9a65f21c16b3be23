package serving

import "assay/drivers/constraint"

// body is the request of a sample.
func (r *runner) body(s *sample) ([]byte, error) {
	p := r.payload
	var held *constraint.Constraint
	q := r.data.request(s.index)
	if s.structured {
		held = &q.held
	}
	if q.out > 0 {
		p.maxTokens = q.out
	}
	return p.body(q, held)
}
