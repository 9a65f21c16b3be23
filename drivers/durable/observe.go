package durable

import (
	"os"
	"sync/atomic"
)

// observer is told of every read, for tests and benchmarks.
var observer atomic.Pointer[func(call string)]

// OnRead has f called before every system call by which this package looks at a file: open, read, list and stat. It is for
// tests that count them and for benchmarks that delay them; Writer.Hook is the same for changes. Nil ends it.
func OnRead(f func(call string)) {
	if f == nil {
		observer.Store(nil)
		return
	}
	observer.Store(&f)
}

func reads(calls ...string) {
	if f := observer.Load(); f != nil {
		for _, c := range calls {
			(*f)(c)
		}
	}
}

// Stat is os.Stat, seen by OnRead.
func Stat(path string) (os.FileInfo, error) {
	reads("stat")
	return os.Stat(path)
}
