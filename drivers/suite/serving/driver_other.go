//go:build !linux

package serving

import "context"

func (r *runner) driver(ctx context.Context, t todo, b *book) (drive, func(), error) {
	return r.overHTTP(ctx, t, b)
}
