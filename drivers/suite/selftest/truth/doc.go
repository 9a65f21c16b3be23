//go:build linux

// Package truth is an OpenAI-compatible server that streams made-up tokens at planned times, and keeps an exact record of when
// each request arrived, by the kernel's stamp, and when the first and the last byte of its answer were written. Clients are
// measured against it: by selftest, and by package calibrate. All times are nanoseconds of CLOCK_MONOTONIC.
//
//	truth.go  the loop: one thread, one epoll, one timer
//	http.go   as much of HTTP and of the OpenAI API as clients need; GET /truth is the record, which is then forgotten
package truth
