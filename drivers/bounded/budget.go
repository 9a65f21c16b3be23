package bounded

import "sync/atomic"

// Budget is how many bytes all the answers of a run can have together: so many for the run, and more for every request that
// it sends. It is safe for concurrent use; nil has no limit.
type Budget struct{ limit, used atomic.Int64 }

// NewBudget begins with so many bytes.
func NewBudget(limit int64) *Budget {
	b := &Budget{}
	b.Grant(limit)
	return b
}

// Grant raises the limit by n bytes: what the answer to one more request honestly has.
func (b *Budget) Grant(n int64) {
	if b != nil {
		b.limit.Add(n)
	}
}

// Take counts n bytes that were received. It returns a *TooLarge when there are more of them now than the limit.
func (b *Budget) Take(n int64) error {
	if b == nil || b.used.Add(n) <= b.limit.Load() {
		return nil
	}
	return &TooLarge{Limit: b.limit.Load(), Run: true}
}
