// Package reconciler makes the world match what the store says users want: observe, decide, act, repeat.
//
//	loop.go            Loop and its Pass: one whole round, single flight
//	reading.go         the same without effects: Observe for what is shown, Preview for `assay plan`
//	requests.go        commands that wait: which request for a fresh observation a status answers
//	run.go             one pass after the other, while the lease lasts
//	compile.go         an accepted revision -> plan.Experiment with its three fingerprints
//	decides.go         how a benchmark spreads its repeats, and what may end them early
//	observe.go         reads the world: journal, agents' files, runs, scheduler, external servers, Prometheus
//	runs.go            the runs of what is declared
//	listing.go         when the scheduler is asked, and what its last answer was
//	damage.go          records that cannot be read: named, left as they are, rebuilt
//	pause.go           the state directory takes no writes: nothing is done until it does
//	clock.go           when the system's clock was set
//	place.go           whether the store belongs to where this process is, before the first listing
//	agents.go          what agents report, and how long each has been silent by our own clock
//	happenings.go      losses, restarts and returns inside jobs become events, each once
//	witness.go         servers of silent agents are asked themselves: they answer, do not answer, or could not be asked
//	scaled.go          what the metrics of scaled services say, and what is remembered of them
//	folders.go         directory targets: read, created, removed; where exported metrics are stored
//	fence.go           closes an attempt: stop first, then what ends what is left; whose agent has said since that it ended
//	execute.go         carries plan's actions out, in order for each seat
//	beside.go          effects that are under way beside the passes
//	ahead.go           what is written for several effects at once before they begin: intents, reasons of cancels
//	pace.go            how fast jobs are submitted
//	extend.go          a longer walltime for a running job
//	submit.go          the one order in which a job is submitted
//	publish.go         status, scrape targets, events; takes in what became of effects
//	addresses.go       where gateways answer, as files
//	sources.go         what followed folders and repositories delivered, and events about it
//	metrics.go         the controller's own metrics, as a file
//	measured.go        the results of the runs that count now, among them
//	searches.go        what the searches of a revision have come to, for its results
//	compilesearch.go   a search -> plan.Search
//	configurations.go  what a revision measures, for comparing revisions
//	key.go             the key that a service asks of its clients
//	details.go         which declared fields differ, for `assay plan`
//	costs.go           what a manifest would use, when its jobs would start, and which shorter ones would start now
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
// A pass makes no slow call: it decides, and hands over what follows (beside.go). Effects have their order at a place, which is
// a seat, a directory, an experiment's metrics; places go on side by side. A place where something is under way is not
// decided about (plan.Observed.Busy), and what has not begun is replaced by what the next pass wants. What effects find out
// is on disk, or comes back to the next pass as an outcome; they write nothing else that a pass reads. Memory of the attempts is
// the lease's.
//
// So a controller can be killed at any moment: sim_test.go does that, and mutants_test.go shows that it would notice.
//
// Third-party dependencies: client_golang collects the controller's metrics and checks their names and labels, expfmt writes
// them in the text format that Prometheus reads; go-cmp, in the tests only.
package reconciler
