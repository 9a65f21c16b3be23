// Package selfwatch says what kept a benchmark's client from its work while it measured: a client that did not get its
// CPU shows its own delays as the server's, or as less throughput.
//
//	w := selfwatch.Start(threads) // of this process, right before the clock starts
//	…
//	report := w.Stop()            // right after the last answer
//	faults, notes := selfwatch.Judge([]selfwatch.Report{report}, selfwatch.Effect{Bar: report.Bar(), Resolves: selfwatch.Resolves(meanLatency)})
//
// A Report (report.go) is numbers. It travels between nodes as JSON, and a run on several nodes has one for each.
//
// # What is watched
//
//   - A stall clock (clock.go) that wants to wake every Tick notes when it was due and when it woke. Each Tick that passed
//     in a stall counts with its own lateness, so that Late says how late a random moment of the window would have been
//     noticed. A loop with a stall clock of its own, as package wire has, hands its part over with Report.Threads, and begins with
//     StartCounting, which starts no other.
//   - From the kernel (kernel_linux.go): CPU time; the time that the threads were ready to run and were not let (the
//     run-queue delay of schedstat); throttling by the quota of a control group, in version 1 and 2 and on every level
//     (cgroup_linux.go); what a hypervisor stole of the CPUs that the process may use, and what other programs used of
//     them; major page faults, that is memory that had to be read back from a disk.
//   - From Go: the pauses of the garbage collector.
//
// # The rule
//
// The noise itself is no fault: a stamped arrival is right however late it is read. What counts is what the client's delays
// did to the numbers (Effect): Bar, the client's own error with 99 of 100 requests, against Resolves, the smallest
// difference that the result can tell, a tenth of the mean latency but at least 5 ms and at most 50 ms. And Lost: the share
// of the time in flight that a closed loop left its slots empty, of which a tenth is tolerated in a window of a second or
// more. And whether the client wanted more than nine tenths of the CPUs that it could have: what the affinity, the quota
// and the number of its threads leave it, and not what a manifest says. What exceeds these makes a result invalid.
//
// The word of the fault is the cause (causes.go), the first that fits of: ClientThrottled, ClientStolen, ClientSwapped,
// ClientCrowded (other programs had its CPU), ClientBusy (it used it up itself), ClientStalled (it was stopped, or held up
// by a lock or a collection), else ClientLate. The first three and ClientStalled are notes where the numbers are right all
// the same.
//
// # Files
//
//	clock.go         Start, Stop and the stall clock
//	report.go        Report: what was seen, and the metrics of it
//	causes.go        the causes, in the order in which they are named
//	judge.go         the rule: faults and notes
//	spare.go         CPU time that nobody uses
//	histogram.go     delays that add up over threads and nodes without loss
//	kernel_linux.go  what the kernel counts; kernel_other.go: nothing
//	cgroup_linux.go  quotas and throttling
package selfwatch
