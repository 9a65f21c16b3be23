// Package wire is the load generator's own HTTP client: it sends prepared requests over plain HTTP/1.1 at their moments
// and reads the streamed answers, on raw sockets, one thread for each core it is given.
//
// # Why not net/http
//
// The client must never be the bottleneck, nor may its own delays be taken for the server's. With net/http every
// request and every piece of an answer goes through two goroutines and the scheduler: at 1000 requests a second that
// costs 0.2 ms at the median and 0.65 ms at the p99 of every first token. Here a loop (loop.go) waits for sockets and
// for the next request's moment in one epoll; the timer is a timerfd, which wakes within 0.03 ms; the moment of a
// piece is the kernel's, stamped when the packet came (package socket), so that it stays right when the read is late.
// `make bench` shows both clients side by side.
//
// # How it works
//
// Engine.Open connects; Engine.Run sends. Requests are complete, headers and all, before the clock starts. Each thread
// has its own share of the requests, of the concurrency bound and of the connections, and nothing in common with the
// others but the counter of a closed loop: their outcomes merge by index. A connection carries one request at a time
// (conn.go), its answer is taken apart by response.go and by package sse. Nothing is ever sent twice: a connection that
// breaks is a failed request. One that was not used for four seconds is not trusted (vLLM closes them after five) and
// replaced; the time to connect is kept apart from everything else.
//
// Linux only. HTTPS, and other systems, go through net/http (package serving).
package wire
