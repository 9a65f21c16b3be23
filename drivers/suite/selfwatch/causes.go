package selfwatch

import (
	"fmt"
	"time"

	"assay/drivers/suite"
)

// cause is something that can keep a client from its work.
type cause struct {
	reason string
	note   bool // it is worth a note where the numbers are right
	seen   func(Report) bool
	text   func(Report) string // what was seen
	remedy string
}

// From these on something is a cause.
const (
	muchThrottled = 0.01 // of the window
	muchStolen    = 0.05 // of the CPUs
	manyFaults    = 20.0 // in a second
	muchWaited    = 0.2  // of the CPU time that the client wanted
	waitedAtAll   = 0.02 // of the window
	maxBusy       = 0.9  // of the CPUs
	muchStalled   = 0.01
	longStall     = 20 * time.Millisecond
)

// causes are looked through in this order: what is outside the machine's own programs comes first, because it makes the
// others look guilty, and a stall is what remains when nobody else had the CPU.
var causes = []cause{
	{suite.ReasonClientThrottled, true,
		func(r Report) bool { return r.share(r.Throttled) >= muchThrottled },
		func(r Report) string {
			return fmt.Sprintf("the quota of its control group stopped it for %.0f%% of the time", 100*r.share(r.Throttled))
		}, "raise the CPUs of the job or the container in which it runs (cpu.max, --cpus-per-task)"},
	{suite.ReasonClientStolen, true,
		stolen,
		func(r Report) string {
			return fmt.Sprintf("the hypervisor took %.0f%% of its CPUs", 100*r.share(r.Stolen)/max(1, r.Allowed))
		}, "run the client on a machine that shares its CPUs with no other one"},
	{suite.ReasonClientSwapped, true,
		func(r Report) bool {
			return float64(r.Faults) >= manyFaults*r.Wall.Seconds() && r.Faults >= 2*manyFaults
		},
		func(r Report) string {
			return fmt.Sprintf("%d times its memory had to be read back from a disk", r.Faults)
		}, "give its host or its job more memory, or turn swap off"},
	{suite.ReasonClientCrowded, true, crowded,
		func(r Report) string {
			return fmt.Sprintf("it waited for a CPU for %.0f%% of the time, %.1f ms each time, while other programs used %.0f%% of one",
				100*r.share(r.Waited), ms(r.Waited)/float64(max(1, r.Turns)), 100*r.share(r.Foreign))
		}, "give it a host of its own (run: {on: job})"},
	{suite.ReasonClientBusy, false,
		func(r Report) bool { return r.Busy() > maxBusy && !crowded(r) },
		func(r Report) string {
			return fmt.Sprintf("it used up the CPUs that it could have (%.0f%% of %.3g, with what it waited for)", 100*r.Busy(), r.CPUs)
		}, "raise cores, give it a host of its own (run: {on: job}) or lower the load"},
	{suite.ReasonClientStalled, true,
		func(r Report) bool { return r.Late.Above(longStall) >= muchStalled && !crowded(r) },
		func(r Report) string {
			return fmt.Sprintf("for %.0f%% of the time it did not react within %s although no other program had its CPU", 100*r.Late.Above(longStall), longStall)
		}, "see that nothing stops it (a debugger, SIGSTOP, a frozen control group, a suspended job) and that its host does not sleep"},
}

func stolen(r Report) bool { return r.Stolen > 0 && r.share(r.Stolen) >= muchStolen*r.Allowed }

// share is a part of the window.
func (r Report) share(d time.Duration) float64 {
	if r.Wall <= 0 {
		return 0
	}
	return float64(d) / float64(r.Wall)
}

// crowded: of the CPU time that the client wanted it had to wait for a good part, and most of what it overslept it waited.
func crowded(r Report) bool {
	waited := r.share(r.Waited)
	return waited >= waitedAtAll && float64(r.Waited) >= muchWaited*float64(r.Own+r.Waited) && waited >= r.Late.Above(longStall)/2
}

// seen are the causes in any of the reports, in order, each with the first report that shows it.
func seen(reports []Report) (out []struct {
	cause
	in Report
}) {
	for _, c := range causes {
		for _, r := range reports {
			if c.seen(r) {
				out = append(out, struct {
					cause
					in Report
				}{c, r})
				break
			}
		}
	}
	return out
}
