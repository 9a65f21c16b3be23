// Package reconciler makes the world match what the store says users want: observe, decide, act, repeat.
//
//	loop.go            Loop and its Pass: one whole round, single flight
//	reading.go         the same without effects: Observe for what is shown, Preview for `assay plan`
//	requests.go        commands that wait: which request for a fresh observation a status answers
//	run.go             one pass after the other, while the lease lasts
//	compile.go         an accepted revision -> plan.Experiment with its three fingerprints
//	observe.go         reads the world: journal, agents' files, runs, scheduler, external servers, Prometheus
//	runs.go            the runs of what is declared
//	listing.go         when the scheduler is asked, and what its last answer was
//	place.go           whether the store belongs to where this process is, before the first listing
//	agents.go          what agents report, and how long each has been silent by our own clock
//	witness.go         servers of silent agents are asked themselves
//	folders.go         directory targets: read, created, removed; where exported metrics are stored
//	execute.go         carries plan's actions out, in order
//	submit.go          the one order in which a job is submitted
//	publish.go         status, scrape targets, events
//	sources.go         what followed folders and repositories delivered, and events about it
//	metrics.go         the controller's own metrics, as a file
//	measured.go        the results of the runs that count now, among them
//	each.go            bounded parallel reading
//	configurations.go  what a revision measures, for comparing revisions
//	details.go         which declared fields differ, for `assay plan`
//	placements.go      what a manifest would submit, without a scheduler
//
// All decisions are made by reconciler/plan, which is pure; this package does the I/O around it. A pass is level-triggered:
// it starts from the whole world and needs no memory of the last one. Kept between passes is only what cannot be read (how
// long an agent has been silent) or would cost too much to read again (the listing).
//
// The order of one pass carries the safety:
//
//   - the scheduler is asked before files are read, so that the files of a job that is listed as ended are final;
//   - whatever could not be read is an error or Unknown with its reason, and never empty;
//   - a durable intent precedes an effect, and the lease is checked before every effect.
//
// So a controller can be killed at any moment: sim_test.go does that, and mutants_test.go shows that it would notice.
//
// Third-party dependencies: client_golang collects the controller's metrics and checks their names and labels, expfmt writes
// them in the text format that Prometheus reads; go-cmp, in the tests only.
package reconciler
