// Package each does the same for many, several at once: what is read over a shared file system, or asked of servers, is mostly
// waited for.
package each

import (
	"fmt"
	"runtime/debug"
	"sync"
)

// Do calls f(0) … f(n-1) on at most workers goroutines and returns when all have returned. With one worker it is a
// plain loop. A panic in f is raised here, so that it ends the pass and not the process behind the caller's back.
func Do(workers, n int, f func(int)) {
	if workers <= 1 || n <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	var (
		wg     sync.WaitGroup
		once   sync.Once
		raised any
		next   = make(chan int)
	)
	for range min(workers, n) {
		wg.Go(func() {
			for i := range next {
				func() {
					defer func() {
						if r := recover(); r != nil {
							once.Do(func() { raised = fmt.Sprintf("%v\n%s", r, debug.Stack()) })
						}
					}()
					f(i)
				}()
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	if raised != nil {
		panic(raised)
	}
}
