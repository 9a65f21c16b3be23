package serving

import "assay/drivers/constraint"

// body is the request of a sample. It is made once.
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
	body, err := p.body(q, held)
	r.sent.add(s.index, body)
	return body, err
}
