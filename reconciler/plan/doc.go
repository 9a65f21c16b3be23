// Package plan is the pure core: it compares what is wanted with what there is and decides what to do next.
//
//	Plan(Desired, Observed) Result      what to do now, what to publish, what to scrape, when to make the next pass
//	Diff(Desired, Observed) []Step      what applying would change, for people
//	Guard(old, new)                     the prune guard
//	Advice(Reason)                      what the user can do about a reason
//
// There is no clock here, no I/O, no randomness, no logger and no error: the same world gives the same answer, in whatever
// order it is listed. That is what makes the laws provable (laws_test.go) and each rule readable on its own. The stories in
// testdata/rules show what each rule does; example_test.go shows one pass.
//
// # The files
//
// What goes in and comes out:
//
//	desired.go    what users want, compiled: experiments, services, benchmarks, and the numbers that rules use
//	observed.go   the world at one moment: jobs, attempts, agents, runs, directories
//	result.go     actions with their verbs, statuses, targets, steps
//	reasons.go    every reason there is
//	advice.go     what the user can do about each
//
// The rules, in the order in which plan.go applies them:
//
//	plan.go         the reading order
//	world.go        the world as rules see it
//	index.go        how it is built: indexed once, so that no rule has to search
//	sort.go         the order of every input
//	guard.go        the prune guard
//	ready.go        what is Ready, and why not
//	witness.go      who says what of a seat whose agent is silent, and what follows
//	fault.go        sources that lost many seats at once: they are at fault, and not the seats
//	spending.go     what budgets are used for, and jobs that they do not cover
//	usage.go        what a job uses, and what the jobs of a seat have used
//	budget.go       how many seats may be replaced at a time on our own account
//	busy.go         seats at which an effect is under way
//	settle.go       which submissions are jobs, which ended, which never became one
//	ends.go         how a job ended, and whether that is a failure of the service
//	blocked.go      why a job neither runs nor ends
//	fence.go        ended attempts whose servers may still run
//	duplicate.go    one live job a seat
//	damage.go       attempts whose record is damaged
//	run.go          benchmark runs: conclude, supersede, start
//	lost.go         what the infrastructure lost, and when it is tried again
//	again.go        runs that are done again: invalid ones, and those that the user asks for
//	turn.go         when a run begins, what it measures, and who goes first on a host
//	facts.go        what a run is told of the servers that it measures, and of their nodes
//	fits.go         whether a run fits into what is left of its target's walltime
//	attribution.go  which job executes a run
//	retire.go       seats that are no longer wanted; deletion
//	group.go        services that share a job
//	job.go          what a service or a run asks of the scheduler
//	seat.go         submit, replace, change in place
//	walltime.go     what becomes of a job's time limit when settings change
//	avoid.go        nodes that new jobs stay away from
//	backoff.go      when to try again, when to give up
//	schedule.go     which round of an experiment with a schedule is measured now
//	scale.go        how many replicas a service has by a metric
//	recommend.go    how many a value of the metric asks for, and when that counts
//	leave.go        a replica that a metric makes leave has time to finish
//	renew.go        the next job before the walltime ends: when, and when it takes over
//	extend.go       whether the present job goes on instead, in place
//	starts.go       how long the queue and the servers took for the last jobs
//	gateway.go      the servers of a gateway
//	twin.go         the two seats of a place, and which of them leads
//	runjob.go       runs that need a job of their own
//	folder.go       directories, created and removed
//	instruct.go     what each agent should run
//	export.go       metrics that outlive the experiment
//	conditions.go   the status of experiments and benchmarks
//	runstatus.go    the status of runs
//	service.go      the status of services
//	startup.go      what the start of a server took
//	scalestatus.go  why a scaled service has as many replicas as it has, and what `assay plan` says of it
//	source.go       whether an experiment is as its followed source has it
//	targets.go      what Prometheus should scrape
//
// What several rules use:
//
//	past.go         what is left of runs that have ended
//	wanted.go       the runs that are wanted
//	search.go       the next load of a search, and when it ends
//	trial.go        how sure it is that a load keeps an objective
//	neighbours.go   what the runs at loads near one say of it
//	scatter.go      what runs differ by beyond their requests, over all loads, and how alike those are that follow one another; gonum has
//	                Student's t
//	searched.go     the runs that a search asks for, and what it has come to
//	aim.go          the load of such a run
//	sweep.go        the point of a sweep to serve
//	deploy.go       the deployment of each target to serve
//	decided.go      repeats that are not needed any more
//	together.go     runs that are measured at the same time
//	point.go        a point as one word
//	fingerprint.go  fingerprints and the keys of runs
//
// What is asked apart from a pass:
//
//	diff.go         the steps of `assay plan`
//	cost.go         what a manifest would use, in node-hours and GPU-hours
//	placement.go    what a manifest would submit, without a scheduler
//
// # Words
//
// Services are put into allocations: those of one group together, each other one alone. An allocation has a seat for each
// slot, and a service has a replica in each seat of its allocation. The job of a group that holds at least what is declared
// is kept when members join or leave, and goes on for the others when one of them is given up.
//
// A seat (experiment/group/slot) is a place that a job fills; each place has a second seat, for the job that takes over from
// the first before its walltime ends. An attempt is one submission for a seat: it is
// recorded before sbatch runs and occupies the seat until it has an End. So a seat never has two jobs, whatever crashes:
// Plan submits only for a seat without an open attempt, and an attempt is closed only when its job is known to have ended,
// or when the scheduler, asked after the settle time, lists no such job.
//
// When the scheduler cannot be asked (Listing.Err), nothing is submitted, cancelled, closed or changed.
//
// # Cost
//
// A pass costs in proportion to what there is: 1,000 services and 10,000 listed jobs take about 19,000 allocations when
// nothing is to do. allocs_test.go holds that, and that ten times as much of anything costs ten times as much.
package plan
