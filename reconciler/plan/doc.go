// Package plan is the pure core: it looks at what is wanted and at what is, and says what to do next.
//
//	Plan(Desired, Observed) Result      what to do now, what to say, what to scrape, when to look again
//	Diff(Desired, Observed) []Step      what applying would change, for people
//	Guard(old, new)                     the prune guard
//
// There is no clock here, no I/O, no randomness, no logger and no error: the same world gives the same answer, whatever
// the order in which it is listed. That is what makes the laws provable (laws_test.go) and every rule readable on its own:
//
//	world.go      the world, indexed once        settle.go     which submissions are jobs, which never were
//	ready.go      what is Ready, and why not     duplicate.go  one live job a seat
//	guard.go      the prune guard                retire.go     seats that nobody wants any more
//	seat.go       submit, replace, keep          backoff.go    when to try again, when to give up
//	run.go        benchmark runs                 runjob.go     runs that need a job of their own
//	tell.go       what each agent should run     targets.go    what Prometheus should scrape
//	group.go      services that share a job      folder.go     directories, made and removed
//	export.go     metrics that are kept          placement.go  what a manifest would submit, asking nobody
//	conditions.go service.go                     how everything is, in words
//
// Services are put into allocations: those of one group together, any other alone. An allocation has a seat a slot, and a
// service a place in each of them. A job of a group that holds at least what is declared is kept when members join or
// leave, and goes on for the others when one of them is given up.
//
// A seat (experiment/group/slot/renewal) is a place that a job fills. An attempt is one submission for a seat: it is
// written down before sbatch runs and occupies the seat until it has an End. So a seat never has two jobs, whatever
// crashes: Plan submits only for a seat without an open attempt, and an attempt is closed only when its job is known to
// have ended, or when the scheduler, asked after the settle time, knows of none.
//
// When the scheduler cannot be asked (Listing.Err), nothing is submitted, cancelled, closed or changed.
package plan
