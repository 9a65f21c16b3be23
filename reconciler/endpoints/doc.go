// Package endpoints lists where the servers of running services answer: their URLs, by component where a service has
// several, and where the passwords are that were generated for them. It reads statuses that are handed in, and the job
// directories; nothing is asked over the network.
//
//	endpoints.go  List: from statuses to endpoints
//	alive.go      only endpoints that a living agent reports count: anybody can have the port of one that has ended
package endpoints
