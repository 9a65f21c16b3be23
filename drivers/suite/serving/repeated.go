package serving

import (
	"context"
	"fmt"
	"slices"
	"time"

	"assay/drivers/suite"
)

const (
	repeats        = 5 // pairs of a repeated and a new prompt
	repeatTokens   = 8 // of each answer
	repeatTime     = 20 * time.Second
	maxFaster      = 0.1 // by which a repeated prompt can be faster, as MLPerf has it
	resolvedFaster = 0.5 // ms; less is not resolved
)

// repeated are the times, in ms, that new prompts and a repeated one took, one after the other, after the run.
type repeated struct{ fresh, again []float64 }

// repeatPrompt asks one prompt again and again, in turn with new ones, on an idle server. It ends early when that takes long, or
// a request fails: then nothing is said.
func (r *runner) repeatPrompt(ctx context.Context, sent int) *repeated {
	if sent < 2 {
		return nil
	}
	r.progress("asking one prompt again")
	ctx, cancel := context.WithTimeout(ctx, repeatTime)
	defer cancel()
	ask := func(i int) (float64, bool) {
		s := sample{index: i}
		p := r.payload
		q := r.data.request(i)
		p.maxTokens = min(repeatTokens, max(1, p.maxTokens))
		body, err := p.body(q, nil)
		if err != nil {
			return 0, false
		}
		s.outcome = r.client.complete(ctx, 0, fmt.Sprintf("%s-repeat%d", r.client.run, -i), p.path(), body)
		return suite.Millis(s.ended - s.sent), s.failure == nil
	}
	var out repeated
	const base = -1_000_000 // behind the warm-ups, which begin otherwise than the requests
	if _, ok := ask(base); !ok {
		return nil
	}
	for k := range repeats {
		fresh, ok1 := ask(base - 1 - k)
		again, ok2 := ask(base)
		if !ok1 || !ok2 {
			return nil
		}
		out.fresh, out.again = append(out.fresh, fresh), append(out.again, again)
	}
	return &out
}

// judgeRepeated names a server that answers a repeated prompt faster: by more than a tenth at the median, and but for one pair
// always (by chance that happens in less than one of 100 runs).
func (w *work) judgeRepeated(p *repeated) {
	if p == nil {
		return
	}
	slower := 0
	for _, again := range p.again {
		for _, fresh := range p.fresh {
			if again >= fresh {
				slower++
			}
		}
	}
	slices.Sort(p.fresh)
	slices.Sort(p.again)
	fresh, again := suite.Percentile(p.fresh, 50), suite.Percentile(p.again, 50)
	if slower <= 1 && again < (1-maxFaster)*fresh && fresh-again > resolvedFaster {
		w.notes = append(w.notes, suite.NewReason(suite.ReasonCachedPrompts,
			"a repeated prompt took %.1f ms and new ones %.1f ms (medians): data that repeats prompts measures a cache", again, fresh))
	}
}
