package store

import (
	"errors"
	"slices"
	"sync"
	"testing"
)

// TestRequestsAreNumberedOnce: of many commands each gets a number of its own, and numbers go on from the newest request.
func TestRequestsAreNumberedOnce(t *testing.T) {
	s := open(t, t.TempDir())
	var mu sync.Mutex
	var got []int64
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			n, err := s.RequestPass()
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			got = append(got, n)
		})
	}
	all.Wait()
	slices.Sort(got)
	if want := 20; len(slices.Compact(got)) != want || got[len(got)-1] != int64(want) {
		t.Errorf("numbers %v, want 1 to %d", got, want)
	}
	l := acquire(t, s)
	check(t, l.DropRequests(20))
	left, last, err := s.requests()
	if err != nil || len(left) != 1 || last != 20 {
		t.Errorf("left %v, last %d, %v", left, last, err)
	}
	if n, err := s.RequestPass(); n != 21 || err != nil {
		t.Errorf("the next number is %d, %v", n, err)
	}
	check(t, l.Release())
	if err := l.DropRequests(21); !errors.Is(err, ErrLeaseLost) {
		t.Errorf("without the lease: %v", err)
	}
}
