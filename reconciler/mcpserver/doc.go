// Package mcpserver offers what assay knows, and on purpose what it does, to programs that speak the Model Context Protocol.
//
//	server.go     Server: which tools and resources there are
//	reading.go    the tools that only look: get, describe, events, logs, history, compare, gate, report, validate, plan
//	applying.go   the tool that acts: apply, in two steps
//	resources.go  the same objects by address: assay://experiments, assay://runs/EXPERIMENT/RUN
//	outcome.go    what a verb printed, cut to what a program can take in
//
// A tool is a verb, run as if it had been typed, so that it says what people are told. What the program hands in are words of
// that command behind "--": none can be an option. Verbs that print secrets are not among them.
//
// Reading is all that there is unless whoever starts the server allows changes. Then apply shows a plan and a code that stands
// for the manifest and this plan; only a second call with that code applies, and only while the plan is the same. Where the
// program can ask its user, the user is asked too.
//
// Dependency: github.com/modelcontextprotocol/go-sdk is the protocol's own implementation.
package mcpserver
