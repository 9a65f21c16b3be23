package bounded

import (
	"fmt"
	"io"
)

// TooLarge is the error of an answer that is larger than it can honestly be.
type TooLarge struct {
	Limit int64 // in bytes
	Run   bool  // Limit is that of all answers of a run together
}

func (e *TooLarge) Error() string {
	if e.Run {
		return fmt.Sprintf("the answers of this run have more than %d bytes together, which is its limit", e.Limit)
	}
	return fmt.Sprintf("the answer has more than %d bytes, which is the limit", e.Limit)
}

// ReadAll reads r to its end. When that is further than limit bytes away, it returns the first of them and a *TooLarge: one
// byte more is read to know that.
func ReadAll(r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if int64(len(b)) > limit {
		return b[:limit], &TooLarge{Limit: limit}
	}
	return b, err
}

// Body is r that fails with *TooLarge behind limit bytes, or where the budget (nil: none) is used up.
func Body(r io.ReadCloser, limit int64, budget *Budget) io.ReadCloser {
	return &reader{ReadCloser: r, left: limit, limit: limit, budget: budget}
}

// reader ends with *TooLarge behind its limit, or where the budget is used up.
type reader struct {
	io.ReadCloser
	left, limit int64
	budget      *Budget
	failed      error
}

func (r *reader) Read(p []byte) (int, error) {
	if r.failed != nil {
		return 0, r.failed
	}
	if int64(len(p)) > r.left+1 { // one more than the limit tells an answer that ends there from one that goes on
		p = p[:r.left+1]
	}
	n, err := r.ReadCloser.Read(p)
	if int64(n) > r.left {
		r.failed = &TooLarge{Limit: r.limit}
		return int(r.left), r.failed
	}
	r.left -= int64(n)
	if r.failed = r.budget.Take(int64(n)); r.failed != nil {
		return n, r.failed
	}
	return n, err
}
