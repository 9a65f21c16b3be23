// Package listen is how assay's own servers listen: who proves nothing gets nothing, and cannot keep others out.
//
//	limit.go        Listener: a bounded number of connections; the oldest that has proved nothing goes first
//	http.go         HTTP: a server with a token, time limits, and bounds on headers and bodies
//	token.go        what a request proves itself by, compared in constant time
//	certificate.go  certificates of our own, for both ends of a connection
//	peer.go         whose program a connection on loopback comes from
//
// Servers of three kinds use it: with a token (agents' metrics, the embedded Prometheus, the live page), with a proof of their own (the
// coordinator of a run's nodes, the agent's relays), and open ones (the simulator, the file server), for which a connection
// counts as proven while a request of it is being answered.
package listen
