// Package coordinator connects the processes of one benchmark run on several nodes of a job.
//
// The process on the job's first node is the leader. Start (leader.go) makes it listen, writes rendezvous.json into the
// run's directory, and starts `assay suite-worker RUNDIR` on each of the other nodes with srun. A worker calls Join: it
// reads rendezvous.json, which only the user can read, and connects. Both ends prove that they know the token in it, which
// neither sends (proof.go). Who does not is closed after 1 KiB, or 5 s without a message, and never keeps a worker waiting.
// After that the two ends of each connection (peer.go) exchange JSON values, one at a time, with Send and Receive. What they
// mean is defined by the suite.
//
// A process that ends is noticed. When a worker ends early, srun ends its step and the leader's context, with the reason;
// when the leader closes, or ends, every worker's Receive fails.
package coordinator
