// Package gateway is a reverse proxy with one address in front of servers that come and go: the replicas of a service, and
// the job that follows another one before its walltime ends. A gateway service runs it in a job; `assay proxy` runs the same
// on the user's side.
//
//	upstreams.go  the file that lists the servers, as the controller last saw them Ready
//	choose.go     which server gets a request: that with the fewest in flight
//	gateway.go    Gateway: the handler
//	model.go      which model a request asks for
//	serve.go      how a gateway listens, and how it ends
//	metrics.go    what /-/metrics says
//
// Rules:
//
//   - An answer is streamed as it comes; nothing is held back.
//   - A request of which nothing was sent (the connection was refused, or could not be made) goes to another server. One of
//     which something was sent ends where it began: the gateway never sends it twice. When its server breaks off, the client
//     gets 502, or a cut answer if it has begun.
//   - A server that refused is left alone for a second, unless no other one is there. Without any server a request waits
//     Wait for one, and then gets 503.
//   - A server that is no longer listed gets no new requests. Those in flight go on: the old job lives on for its drain.
//   - A body is held in memory until it was sent, and bounded by MaxBody, since it is read before a server is chosen.
//   - A request must carry the key of the server that it goes to, if that has one. The gateway compares it, in constant time,
//     before it asks the server, and passes it on. So strangers cost the servers nothing.
//   - With servers of several models, the request's "model" chooses. GET /v1/models lists them all.
//
// /-/live says that the gateway runs, whether or not there is a server. /-/metrics and it need no key. They tell no more than
// counts.
package gateway
