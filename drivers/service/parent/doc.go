// Package parent is what `assay parent` runs between an agent and a program: it starts the program, stays its parent, and
// ends as the program does.
//
//	parent.go   the program: its start, its end
//	door.go     a door in front of a server that does not ask every client for a key
//	request.go  the first request of a connection: what is read of it, and who it is from
//	listener.go who listens on a port of this machine
//	private.go  a private folder for a program that makes its own folders for everybody to write in
//
// The door listens where clients come, and the server on 127.0.0.1. A connection whose first request carries the key, as
// "Authorization: Bearer KEY" or "X-Chroma-Token: KEY", is handed through as it is from then on: it costs one copy in the
// kernel, and nothing of a request is changed. So one who shares a connection shares its right: a proxy that keeps connections
// for several people has to ask them itself. Everybody else gets 401.
//
// A door protects from the network. Other users of the same machine reach the server's own port; vLLM asks them for its key
// below /v1, Chroma asks nobody. The door hands nothing to a server of another user that took the port.
//
// The key comes by an environment variable. A client that says nothing is cut off after ten seconds, one that says more than
// 64 KiB before its request is complete at once; at most 4,096 connections at a time have not shown the key.
package parent
