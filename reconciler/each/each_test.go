package each

import (
	"fmt"
	"strings"
	"testing"
)

// TestDo: all are done, and a panic is one of the caller.
func TestDo(t *testing.T) {
	for _, workers := range []int{1, 4} {
		seen := make([]bool, 50)
		Do(workers, len(seen), func(i int) { seen[i] = true })
		for i, ok := range seen {
			if !ok {
				t.Errorf("%d workers left %d out", workers, i)
			}
		}
		func() {
			defer func() {
				if r := recover(); !strings.Contains(fmt.Sprint(r), "boom") {
					t.Errorf("%d workers: recovered %v", workers, r)
				}
			}()
			Do(workers, 10, func(i int) {
				if i == 3 {
					panic("boom")
				}
			})
		}()
	}
}
