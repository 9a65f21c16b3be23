//go:build !linux

package serving

import (
	"context"
	"time"
)

func (r *runner) driver(ctx context.Context, samples []sample, offsets []time.Duration) (drive, func(), error) {
	return r.overHTTP(ctx, samples, offsets)
}
