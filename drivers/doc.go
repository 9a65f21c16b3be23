// Package drivers holds what crosses the border between the core and the world: the interfaces that the core calls,
// and the data that the controller and the agent exchange by file.
//
//	scheduler.go  Scheduler, with the optional capabilities Reconfigurer, Accountant and Fencer
//	upstream.go   Upstream: a server to which a gateway passes requests
//	tag.go        Seat and Tag: whose job it is
//	place.go      Place: the site, cluster and user that a state directory belongs to
//	agent.go      desired.json, state.json and the beat file of a job directory
//	desired.go    when two desired.json ask for the same
//	liveness.go   when a hung server is restarted, what happened inside a job, and the heartbeat
//	suite.go      Suite; request.json and result.json of a run directory
//	window.go     when a run measured
//	facts.go      what a run measured, and with what, so that it can be done again
//	filesystem.go what a storage run measured
//	lost.go       what a run loses that it needs and does not judge: words, kinds of errors, exit codes
//	metrics.go    Metrics, which is Prometheus as the controller needs it, and the optional Exporter
//	scrape.go     ScrapeLimits: what a target of a Prometheus can send
//	service.go    Compiled: a declared service as processes, ports and probes
//	folder.go     Folders: directories on a parallel file system
//	origin.go     where a revision came from
//	token.go      the key that a server asks of its clients
//	nodes.go      what a server on several nodes has beside it: ranks, or a Ray cluster
//	raystatus.go  what `ray status` prints
//	errors.go     the four kinds of error that callers act on
//
// Implementations live in the folders below. They import this package, api, and those that every layer may use:
// durable (files that must survive), procid (what a process is), safefile (whose files and folders are believed), bounded
// (answers of servers and output of programs) and listen (how to listen). A composition (split, container around service) is
// put together by cmd. drivertest holds the contracts as tests.
package drivers
