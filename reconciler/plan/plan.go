package plan

// Plan decides what to do next. It is total and pure: the same world gives the same answer, byte for byte.
//
// The reading order is the order of the rules; each is a file named after what it decides.
func Plan(d Desired, o Observed) Result {
	w := newWorld(d, o)
	w.findFaults() // fault.go: sources that lost many seats at once
	for _, x := range w.exps {
		x.blocked = w.guarded(x) // guard.go: a revision that would remove everything
		for _, s := range x.services {
			w.judge(x, s) // ready.go: what is Ready, and why not
		}
	}
	w.settle()     // settle.go: which submissions are jobs, which ended, which never became one
	w.fences()     // fence.go: ended attempts whose servers may still run
	w.duplicates() // duplicate.go: one live job a seat
	for _, x := range w.exps {
		w.concludeAll(x)          // run.go, attribution.go: runs that have ended, and which job executed them
		w.reruns(x)               // again.go: runs that the user asked for again
		x.follow()                // searched.go: the next run of a search, now that one has ended
		x.released = w.release(x) // retire.go: suspended, deleting, or done
		w.supersede(x)            // run.go: runs that the newest revision no longer asks for
		w.retire(x)               // retire.go, leave.go: seats that are no longer wanted
	}
	w.openSpending() // spending.go: what budgets are used for
	w.openBudget()   // budget.go: how many seats may be replaced at a time
	for _, x := range w.exps {
		for _, alloc := range x.allocs { // group.go: what is submitted together
			for _, seat := range alloc.seats {
				w.serve(x, alloc, seat)                         // seat.go: submit, replace, change in place, give up
				w.renew(x, alloc, seat)                         // renew.go: the job that follows before the walltime ends
				w.takeBack(x, alloc, alloc.seats[seat.id.Slot]) // leave.go: a job that is wanted again before it has left
			}
		}
	}
	for _, x := range w.exps {
		for _, s := range x.services {
			w.scale(x, s) // scale.go, recommend.go: how many replicas a metric asks for
		}
		w.forgetScaled(x)
	}
	w.turns() // turn.go: runs whose turn has come
	for _, x := range w.exps {
		w.startRun(x)   // run.go: the next benchmark run
		w.submitRuns(x) // runjob.go: runs that need a job of their own
		w.folders(x)    // folder.go: directory targets
	}
	for _, x := range w.exps {
		w.instruct(x) // instruct.go: what each agent should run now
		w.export(x)   // export.go: metrics that outlive the experiment
		w.forgetWhenGone(x)
	}
	return Result{Actions: w.actions, Status: w.statuses(), Targets: w.targets(), NextPass: w.nextPass}
}
