// Package web is the live page of a state directory: assay web, and assay controller --web.
//
//	server.go    Options, Server: what is shown, and where it listens
//	routes.go    every address there is, with its page, its JSON and its documentation
//	access.go    who gets in: tokens, the exchange of a token for a cookie, headers, requests of other sites
//	session.go   cookies' sessions, and the token of their forms
//	shared.go    one observation for all who ask within a moment
//	request.go   a request with the world that it is about, and errors for people
//	render.go    templates, ETags, and the words of pages
//	index.go     experiments, the controller, sites
//	experiment.go  one experiment
//	next.go      what the planner wants next, and why
//	timeline.go  jobs over time: queue, walltime, hand-over
//	service.go   a service, with the end of its logs
//	metrics.go   what Prometheus says of a service
//	run.go       runs, page by page, and one of them
//	compare.go   two revisions, by statistics
//	gates.go     verdicts of gates
//	report.go    the static report, apart from the page
//	pareto.go    tokens/s of a user against tokens/s of a GPU, with power and energy
//	lists.go     nodes, events, listeners
//	actions.go   suspend, resume, rerun, delete, for those who hold the second token
//
// Pages are written here, as HTML that works without a script. A small script of our own fetches the page again, by its ETag,
// and puts in what has changed. Nothing is asked of another server, and there is no build step: templates/ and static/ are
// embedded as they are.
//
// Beside each page there is the same as JSON, under /api/v1: the objects of `assay get -o json` and the rows of `assay compare
// -o json`. /api documents it, from the table that also routes requests, so that the two agree. Within v1 fields are added and
// none is renamed or removed.
//
// What is shown is what `assay get` shows, by the same reader: what a controller published, or what this process observes within
// 2 seconds, and what neither saw is Unknown. All who look share one observation a second. Pages of lists are bounded.
//
// Only programs that know a token are answered, and /healthz, which says ok. The page is on loopback; its Host header has to be
// loopback's, so that a name of somebody else that leads here gets nothing (DNS rebinding). A token in an address is exchanged at
// once for a cookie (HttpOnly, SameSite=Strict) and leaves the address; scripts send it as Authorization: Bearer. Cookies know no
// ports: a server of somebody else on another port of 127.0.0.1, if you visit it in the same browser, is sent the cookie. So
// it is no token but the name of a session of this process, which ends with it.
//
// Reading is all that there is unless whoever started the page allowed more, with a second token. Then a wish is the verb itself,
// run as if it had been typed here, after a question. Forms carry a token of their session, and requests that come from other
// sites' pages are refused. Each wish is an event.
//
// Text of others (names, logs, messages) is escaped by html/template, and all of a page goes through package plain, so that
// nothing in it is hidden or turns the direction of a line. The policy of a page allows no script and no style but its own files.
package web
