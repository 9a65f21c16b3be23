// Package top is what assay top shows: services with their requests, GPUs and nodes, and the jobs that wait.
//
//	top.go      State: everything that is shown; Read: statuses and Prometheus' answers -> State
//	queries.go  what Prometheus is asked
//	nodes.go    GPUs and nodes
//	queue.go    jobs that wait for nodes, with the scheduler's reason and estimate
//	text.go     Lines: a State in as many lines as a terminal has
//
// Which services there are and whether they are Ready comes from their status; figures come from Prometheus. What is not known
// is a dash, never a zero, and a note below the tables says why.
package top
