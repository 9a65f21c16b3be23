// Package wire is the load generator's own HTTP client: it sends prepared requests over plain HTTP/1.1 at their times and
// reads the streamed answers, on raw sockets, one thread for each core that it is given.
//
// # Why not net/http
//
// The client must never be the bottleneck, and its own delays must not count as the server's. With net/http every request
// and every piece of an answer goes through two goroutines and the scheduler: at 1000 requests a second that costs 0.2 ms
// at the median and 0.65 ms at the p99 of every first token. Here a loop waits for sockets and for the next request's time
// in one epoll; the timer is a timerfd, which wakes within 0.03 ms; the arrival of a piece is the kernel's stamp of the
// packet (package socket), which stays right when the read is late. `make bench` compares both clients.
//
// # How it works
//
// Open connects; Engine.Run sends (engine.go). Requests are complete, with their headers, before they are due; a thread asks
// for each when its time has come, and hands its outcome on when it has ended (Work), so that a run of any length takes the
// memory of what is in flight. Each thread has its own share of the requests, of the concurrency bound and of the
// connections (share.go), and shares only the counter of a closed loop with the others.
//
// A thread notes when it looked at its sockets (look.go): where the loop was late, or busy, the first of several events that share a
// stamp can have come as early as it last looked. Outcome.Blur is the longest such time, and that of the write. The loop's timer
// is a stall clock too (package selfwatch).
//
// Where packets come thick and fast, a thread does not wake for each: it sleeps by the clock while they gather (gather.go). Their
// stamps are the kernel's all the same. It sleeps for at most half a millisecond, and in a bounded load for at most 1/256 of an
// answer's time, so that no slot is missed; where there is no bound, and the events of an answer are so far apart that no two of
// them gather, for up to 4 ms. Where they do gather, their packets are read apart as far as the kernel has kept them apart
// (apart.go): the first event and the last have their own stamps then. A thread that overslept, because it does not get its CPU, lets
// packets wake it for a while. In an open loop a thread also asks the kernel for short
// turns, and so runs as soon as it wakes (socket.Prompt).
//
// A read later than the arrival also acknowledges later. A server that has ten packets or more on the way waits for that, so that the
// end of a burst of single tokens can come later, by no more than the sleep.
//
// A thread's loop (loop.go) begins the requests that are due (send.go), waits (poll.go) and handles what arrived. A
// connection carries one request at a time (conn.go); response.go and package sse parse its answer, chunks that arrived whole without a
// scan. A connection that
// breaks is a failed request, with two exceptions: an answer whose stream had ended is whole, and a request that the server did
// not read, because it had closed a waiting connection without a word, goes on a new one. No server reads a request twice.
// A connection that was idle for four seconds is replaced,
// because vLLM closes them after five; the time to connect is reported separately.
//
// An answer has a limit in bytes, framing included, and all answers of a run have a budget; what exceeds one fails as
// answer_too_large. Redirects are answers like any other, and nothing is unpacked.
//
// Linux only. For HTTPS, and on other systems, package serving uses net/http.
package wire
