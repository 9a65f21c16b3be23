package serving

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"assay/drivers/constraint"
)

// maxPrepared bounds the memory of all requests of a run, in bytes.
const maxPrepared = 4 << 30

// prepare writes the bodies of all samples before the clock starts: making one takes longer than sending it.
func (r *runner) prepare(ctx context.Context, samples []sample) error {
	errs := make([]error, runtime.GOMAXPROCS(0))
	var next, size atomic.Int64
	var wg sync.WaitGroup
	for k := range errs {
		wg.Go(func() {
			for ctx.Err() == nil && errs[k] == nil {
				i := int(next.Add(1)) - 1
				if i >= len(samples) {
					return
				}
				s := &samples[i]
				s.body, errs[k] = r.body(s)
				r.sent.add(s.index, s.body)
				if size.Add(int64(len(s.body))) > maxPrepared && errs[k] == nil {
					errs[k] = fmt.Errorf("the requests of the run take more than %d GiB of memory: lower prompts or inputTokens", maxPrepared>>30)
				}
			}
		})
	}
	wg.Wait()
	for _, err := range append(errs, ctx.Err()) {
		if err != nil {
			return err
		}
	}
	return nil
}

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
