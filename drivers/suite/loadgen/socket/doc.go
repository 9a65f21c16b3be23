// Package socket reads sockets the way a measurement needs it: with the kernel's stamp of each arrival, on CLOCK_MONOTONIC,
// and without telling Go's scheduler about calls that never wait. Linux only.
//
// The load generator (package wire), the server that checks it (package selftest) and the gateway share it:
//
//	socket_linux.go     Receiver: a read with its stamp; Wait and Own: epoll on a thread of its own
//	prompt_linux.go     Prompt: a thread that wakes on time
//	clock.go            Clock: CLOCK_MONOTONIC and the wall clock, by which the kernel stamps
//	monotonic_other.go  systems without CLOCK_MONOTONIC
package socket
