// Package coordinator joins the processes of one benchmark run on several nodes of a job.
//
// The process on the job's first node leads. Start makes it listen, writes meet.json into the run's directory, and starts
// `assay suite-worker RUNDIR` on each of the other nodes with srun. A worker Joins: it reads meet.json, which only the user
// can read, connects, and proves itself with the token that is in there. From then on the ends of each connection
// exchange JSON values, one at a time, with Send and Receive; what they mean is the suite's own affair.
//
// Nobody waits for the dead. When a worker ends early, srun ends its step and the leader's context, with the reason; when
// the leader closes, or ends, every worker's Receive fails.
package coordinator
