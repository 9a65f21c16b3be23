// Package socket reads sockets the way a measurement needs it: with the kernel's stamp of each arrival, on CLOCK_MONOTONIC,
// and without telling Go's scheduler about calls that never wait. Linux only.
//
// It has what the load generator (package wire) and the server that checks it (loadbench) have in common.
package socket
