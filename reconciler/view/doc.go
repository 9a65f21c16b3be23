// Package view is what people and their programs read of a state directory: objects, tables, descriptions and progress.
// Nothing here changes anything or needs the lease, and the store is handed in.
//
//	snapshot.go   Snapshot: the status files and the newest revisions, read once
//	reader.go     Reader: statuses that a controller observed, or that the reader observes itself
//	unobserved.go a status that nobody observes now: Unknown, never Ready
//	deleted.go    what is kept of deleted experiments
//	object.go     Object and List: what `-o json` prints
//	kinds.go      the kinds that can be listed, and how people name them and their objects
//	habits.go     verbs of other tools, and what to type instead
//	jsonpath.go   templates that are filled with objects
//	objects.go    the objects of one kind
//	benchmarks.go a benchmark in a row
//	sites.go      sites as objects
//	nodes.go      the nodes that jobs hold, and those that are avoided
//	listeners.go  who listens where, and how strangers are kept out
//	runs.go       the runs of a page: those under way and those that have ended
//	find.go       one object by its kind and name, and its conditions
//	table.go      rows for people, one function a kind
//	wide.go       what -o wide adds to them
//	describe.go   everything known of one object
//	startup.go    what the start of a server took
//	renewal.go    when a walltime is renewed, in a line
//	describescale.go  why a service has as many replicas as it has
//	search.go     what searches have come to, with their curves
//	state.go      the state of a service or run in a word, and its detail
//	rows.go       an experiment on a terminal: a row a service, one a benchmark; progress.go: how far that is, and when it ends
//	fetch.go      a download on a terminal
//	settled.go    whether an experiment has settled, and what went wrong
//	spending.go   what budgets are used for
//	running.go    what an experiment still runs, for how long, and how to stop it
//	goeson.go     what goes on after an interrupt, and who looks after it
//	schedule.go   when an experiment is measured again
//	cost.go       what a manifest would use, and when its jobs would start
//	verdict.go    what is wrong with manifests, a line each for editors
//	placement.go  the jobs that a manifest stands for, with their batch scripts and commands
//
// A name is that of the object, or EXPERIMENT/NAME. Words for one cell are in the package text below.
//
// Dependencies: k8s.io/client-go/util/jsonpath and k8s.io/apimachinery/pkg/labels read templates and selectors exactly as kubectl does.
package view
