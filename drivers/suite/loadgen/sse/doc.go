// Package sse reads the streamed answer of an OpenAI-compatible server: server-sent events, each with a completion
// chunk as JSON, up to [DONE].
//
// A Stream is fed with pieces as they come from the network, cut anywhere (stream.go), and keeps what a load generator
// needs: when each event with choices arrived, the text, the reason for the end, the usage. An Event (event.go) is scanned
// for the few fields that matter; escape.go decodes JSON's escapes. Most events of a stream differ in their text only:
// like.go compares them with the last one instead of scanning them, also for where they end.
//
// An event costs no allocation once a Stream's buffers have grown, and a test holds that. Both clients of package serving
// use it: the one on net/http and the one on raw sockets (package wire).
package sse
