// Package reconciler makes the world match what the store says users want: observe, decide, act, again.
//
//	loop.go     Loop and its Pass: one whole round, single flight; Preview for `assay plan`
//	run.go      one pass after the other, while the lease lasts
//	compile.go  an accepted revision -> plan.Experiment with its three fingerprints
//	observe.go  reads the world: journal, agents' files, runs, scheduler, external servers, Prometheus
//	listing.go  when the scheduler is asked, and what its last answer was
//	agents.go   how long each agent has stood still, by our own clock
//	execute.go  carries plan's actions out, in order
//	submit.go   the one order in which a job may be submitted
//	publish.go  status, scrape targets, events
//	each.go     bounded parallel reading
//
// All decisions are made by reconciler/plan, which is pure; this package does the I/O around it. A pass is
// level-triggered: it starts from the whole world and needs no memory of the last one. What is kept between passes is
// only what cannot be read (how long a beat has stood still) or would cost too much to read again (the listing).
//
// The order of one pass carries the safety:
//
//   - the scheduler is asked before files are read, so that the files of a job that is listed as ended are final;
//   - whatever could not be read is an error or Unknown with its reason, and never empty;
//   - an effect is preceded by its durable intent, and every effect by a look at the lease.
//
// So a controller may be killed at any moment; sim_test.go does that, and mutants_test.go shows that it would notice.
//
// No third-party dependency, go-cmp in the tests aside.
package reconciler
