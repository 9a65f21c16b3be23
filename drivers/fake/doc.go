// Package fake is a simulated cluster, for tests only: nothing runs, and no number that comes out of it is a measurement.
//
// A Cluster (cluster.go) implements drivers.Scheduler, drivers.Reconfigurer and drivers.Accountant (scheduler.go) over a
// clock that only Advance moves, and behaves as badly as a real one can:
//
//   - a submitted job shows up in listings only after a lag (Options.Lag);
//   - a submission fails definitely, or is not received, or ends uncertain with or without a job (faults.go);
//   - the scheduler freezes (Freeze, Thaw): calls fail, listings are errors and never empty or a part, and what was asked for
//     meanwhile can come true afterwards;
//   - it loses its last acknowledged jobs and gives their ids out again (Restart);
//   - a job waits for an earlier one of the same name, of any owner (--dependency=singleton);
//   - cancelled jobs take time to end, nodes fail, walltimes end, announced (Options.Warn) or not, ended jobs are forgotten;
//   - administrators hold, suspend, extend, shorten, requeue and preempt; nodes do not boot, jobs stay Completing, or are
//     listed in a state that no assay knows (admin.go);
//   - agents stop and file systems fall silent for a node, while the servers there answer (silence.go).
//
// A job can end while its server lives on (leftover.go): its node was lost, what supervised it was killed (KillSupervisor), or
// its agent (OrphanServers). Fence ends such a server; with Options.Unfenced only its agent does, once it sees its stop.
//
// In every running job a simulated agent (agent.go) obeys desired.json, reports state.json and the beat file of the job
// directory, executes runs after claiming them (runs.go), and dies on demand (CrashAgent). Its servers (process.go) hang on
// demand (Hang), and are restarted as Process.Live says. Runs lose what they need, are not valid, and fail where nothing
// answers any more (RunFaults).
//
// The cluster sees the truth that the reconciler cannot: Live, MaxLive, Submissions, Results (ledger.go) and Charged (charged.go) are for the
// assertions of a test. Options.Hook is called before and after every driver call and can panic: the caller then
// "crashed" at that moment, while the cluster goes on.
//
// Files are written as records of package durable, without fsync. There is no third-party dependency.
package fake
