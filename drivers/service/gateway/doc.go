// Package gateway is a reverse proxy with one address in front of servers that come and go: the replicas of a service, and
// the job that follows another one before its walltime ends. A gateway service runs it in a job; `assay proxy` runs the same
// on the user's side.
//
//	upstreams.go  the file that lists the servers, as the controller last saw them Ready
//	choose.go     which server gets a request: that with the fewest in flight
//	gateway.go    Gateway: the handler
//	passing.go    to which servers a request is sent, and what is sent again
//	ends.go       whether a server keeps its connections: else each request has one of its own
//	straight.go   which requests go straight from connection to connection, and what of them is sent
//	lines.go      lines: a thread that passes their answers
//	bundle.go     how many lines a gateway has
//	client.go     a client's connection, and the next request on it
//	line.go       a connection to a server: made, kept, given a request
//	exchange.go   a request at a server, and its answer on the way to the client
//	framing.go    the head of an answer, and where the answer ends
//	chunks.go     the chunked transfer coding
//	handing.go    how connections go from net/http to lines and back
//	model.go      which model a request asks for
//	refuse.go     what the gateway answers itself
//	serve.go      how a gateway listens, and how it ends
//	metrics.go    what /-/metrics says
//
// Rules:
//
//   - An answer is streamed as it comes; nothing is held back.
//   - A request of which nothing was sent (the connection was refused, or could not be made) goes to another server. One of
//     which something was sent ends where it began: the gateway never sends it twice. When its server breaks off, the client
//     gets 502, or a cut answer if it has begun.
//   - A server that refused is left alone for a second, and twice as long each further time, unless no other one is there.
//     Without any server a request waits Wait for one, and then gets 503.
//   - Connections to a server are kept once one was seen to stay open behind an answer. Until then, and with a server that closes
//     them although it does not say so, each request has one of its own: what is sent to a server that leaves is lost.
//   - A server that is no longer listed gets no new requests. Those in flight go on: the old job lives on for its drain.
//   - A body is held in memory until it was sent, and bounded by MaxBody, since it is read before a server is chosen.
//   - A request must carry the key of the server that it goes to, if that has one. The gateway compares it, in constant time,
//     before it asks the server, and passes it on. So strangers cost the servers nothing.
//   - With servers of several models, the request's "model" chooses; one that names none gets 400, one that names another 404
//     (code model_not_found). A model that is declared and has no server now keeps its requests: they wait for it. GET
//     /v1/models lists them all. What the gateway refuses it says in OpenAI's form for errors.
//   - Connections on which no request is under way make room for others first; an answer is never cut off by strangers.
//
// Two ways lead to a server. net/http with its reverse proxy has every request that is not plain: another method than POST, a query,
// HTTP/1.0, an upgrade, a server with TLS, one that is not known to keep its connections, a wait. A plain one goes straight: lines
// sends it on a kept connection, and takes the client's connection over for the answer. The next request on that is read by lines
// too if it is there whole, is short, and has nothing but a POST line, a host, a length and fields of plain letters, and a
// connection to its server waits; for anything else the connection goes back to net/http with what was read, which judges it,
// and refuses it, as if lines had never been. lines reads heads of answers with net/http, and takes chunks apart itself; to the
// client it frames answers anew, so that a server's mistakes of framing cut an answer and reach nobody as another one. The reason
// is the cost: through net/http a request of 16 streamed tokens took 1.38 ms of CPU time at 500 a second on two cores, straight it takes
// 0.61, and a relay that only copies bytes 0.53.
//
// A gateway's own job is renewed as others are: the old one answers, with the servers as they are then, until its drain is over,
// and finishes what was asked. Where it answers now is in a file of the state directory (store.AddressFile).
//
// /-/live says that the gateway runs, whether or not there is a server. /-/metrics and it need no key. They tell no more than
// counts and times, which Prometheus scrapes as those of any service:
//
//	assay_gateway_requests_total{code}  answered requests, by HTTP status; 499: the client went away
//	assay_gateway_added_seconds         what the gateway itself took until the first piece of an answer was passed on
//	assay_gateway_upstreams             servers that are listed
//	assay_gateway_in_flight             requests under way at them
//	assay_gateway_refused_total         connections that a server refused, so that the request went to another one
//	assay_gateway_waited_total          requests that had to wait until there was a server
//
// What it costs beside the servers themselves: `make bench` sends one load straight at a server, through a relay that copies bytes and
// knows nothing of HTTP, and through a gateway. What the relay adds, no gateway on the same cores can avoid.
//
// Third-party dependency: client_golang makes the metrics and writes them in Prometheus' form.
package gateway
