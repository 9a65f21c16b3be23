// Package local is a scheduler for this machine: jobs are process groups that survive the controller.
//
// Each job has a folder named after its id. It holds one small record for each fact, written by the process that knows
// the fact:
//
//	job.json      the submission              Submit
//	started.json  the shepherd's identity     the shepherd
//	limit.json    a changed time limit        Reconfigure
//	cancel        the job has to end          Cancel
//	end.json      how the job ended           the shepherd, or Fence when the shepherd was killed
//
// Submit writes job.json and starts a shepherd, a process of this same binary in a session of its own. The shepherd runs
// the job, enforces the time limit, ends the whole process tree on request, and records the end. It does for a local job
// what slurmstepd does for a job of Slurm.
//
// # Other hosts and pid namespaces
//
// The folder can be on a disk that several hosts or containers share. A job is known only where its shepherd can be
// seen: on the same boot of the same host, in the same pid namespace (package procid). Of a job that runs elsewhere,
// and has no end.json yet, nothing is known here. Jobs, Ended, Cancel and Reconfigure then return ErrUnavailable with
// the place where it runs and what to type next. Once its host has restarted, the job is known to be over.
//
// # Reading and ending
//
// Jobs and Ended change nothing. A job whose shepherd was killed is listed as NodeFail (ShepherdKilled), and its
// processes can still run. Fence ends them: it kills every process that carries the job's nonce in its environment,
// and then writes end.json. Submit removes the folders of jobs that ended more than a day ago.
//
// The files: local.go (the Scheduler), submit.go (starting and forgetting jobs), list.go (what state a job is in),
// change.go (Cancel, Reconfigure), fence.go (ending what is left), shepherd.go (running a job), files.go (the records).
package local
