package store

import "sync"

// readers is how many files are read at once: a shared file system takes its time for each.
const readers = 32

// inParallel calls f(0) … f(n-1), several at once.
func inParallel(n int, f func(int)) {
	if n == 1 {
		f(0)
		return
	}
	var wg sync.WaitGroup
	next := make(chan int)
	for range min(readers, n) {
		wg.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}
