// Package loadgen holds no code of its own: it is the folder of the load generator, three packages that build on each other.
//
//   - socket reads sockets: each piece with the kernel's stamp of its arrival, on CLOCK_MONOTONIC, without a detour through
//     Go's scheduler. Linux only.
//   - sse reads the streamed answer of an OpenAI-compatible server out of such pieces, without an allocation for an event.
//     It does no I/O.
//   - wire is the HTTP client on both: it sends prepared requests at their times, one thread for each core, and returns
//     for each when it was due, sent and answered. Linux only.
//
// The serving suite uses wire for plain HTTP, and sse also with its client on net/http. `make bench` (package selftest)
// measures how far wire's times are from the truth and what it costs.
package loadgen
