package selfwatch

import "time"

// Report is what was seen in a window. A zero is also what is not known on this system.
type Report struct {
	Wall    time.Duration `json:"wall"`
	Allowed float64       `json:"allowed"` // CPUs on which its affinity lets it run
	Lanes   float64       `json:"lanes"`   // of them those that its threads can use at a time
	CPUs    float64       `json:"cpus"`    // that it can have: Lanes, or its quota where that is less
	Own     time.Duration `json:"own"`     // CPU time of this process
	Waited  time.Duration `json:"waited"`  // its threads were ready to run, and were not let
	Turns   int64         `json:"turns"`   // how often they were let
	Foreign time.Duration `json:"foreign"` // CPU time that other programs used of the CPUs that the affinity allows
	Stolen  time.Duration `json:"stolen"`  // of these CPUs, by a hypervisor

	Throttled time.Duration `json:"throttled"` // by the quota of a control group
	Faults    int64         `json:"faults"`    // major page faults
	Pauses    time.Duration `json:"pauses"`    // of the garbage collector
	GCs       int64         `json:"gcs"`
	Late      Histogram     `json:"late"` // of the stall clock
}

// counters are the kernel's and Go's counts at one time.
type counters struct {
	Report
	busy time.Duration // of the CPUs that the affinity allows, by whatever program
}

// since is the difference.
func (c counters) since(o counters) Report {
	r := c.Report
	r.Own, r.Waited, r.Turns = c.Own-o.Own, max(0, c.Waited-o.Waited), max(0, c.Turns-o.Turns)
	r.Stolen, r.Throttled, r.Faults = max(0, c.Stolen-o.Stolen), max(0, c.Throttled-o.Throttled), c.Faults-o.Faults
	r.Pauses, r.GCs = c.Pauses-o.Pauses, c.GCs-o.GCs
	if o.busy > 0 {
		r.Foreign = max(0, c.busy-o.busy-r.Own)
	}
	return r
}

// Thread is what a thread that does the client's work saw of itself.
type Thread struct {
	Ran, Waited time.Duration
	Turns       int64
	Late        Histogram
}

// Since is the difference to an earlier reading of the same thread.
func (t Thread) Since(o Thread) Thread {
	return Thread{Ran: t.Ran - o.Ran, Waited: t.Waited - o.Waited, Turns: t.Turns - o.Turns, Late: t.Late}
}

// Without takes out a thread whose work no request waits for: what it used is not missing where it is wanted.
func (r *Report) Without(t Thread) {
	r.Own, r.Waited, r.Turns = max(0, r.Own-t.Ran), max(0, r.Waited-t.Waited), max(0, r.Turns-t.Turns)
}

// Threads puts what the threads that do the work saw in the place of what is known of the process as a whole.
func (r *Report) Threads(all []Thread) {
	if len(all) == 0 {
		return
	}
	r.Waited, r.Turns, r.Late = 0, 0, Histogram{}
	for _, t := range all {
		r.Waited, r.Turns = r.Waited+t.Waited, r.Turns+t.Turns
		r.Late.Merge(t.Late)
	}
}

// Bar is how late the client noticed what happened, in ms, with 99 of 100 moments: the error of a client whose times are
// those at which it wakes.
func (r Report) Bar() float64 { return ms(r.Late.Quantile(0.99)) }

// Busy is the share of the CPU time that the client could have which it used, or, on a host that it shares, which it used
// and waited for. It is 0 in a window shorter than a second.
func (r Report) Busy() float64 {
	if r.Wall < time.Second || r.CPUs <= 0 {
		return 0
	}
	return max(r.share(r.Own)/r.CPUs, r.share(r.Own+r.Waited)/r.Lanes)
}

// Metrics adds what was seen to the metrics of a result, each with the prefix in front: client_cpu_percent and others.
// CPU shares are of one CPU; several reports, of several nodes, are added up.
func Metrics(m map[string]float64, prefix string, reports []Report) {
	var sum Report
	for _, r := range reports {
		sum.Wall = max(sum.Wall, r.Wall)
		sum.Own, sum.Foreign, sum.Waited, sum.Stolen = sum.Own+r.Own, sum.Foreign+r.Foreign, sum.Waited+r.Waited, sum.Stolen+r.Stolen
		sum.Throttled, sum.Faults, sum.Pauses = sum.Throttled+r.Throttled, sum.Faults+r.Faults, sum.Pauses+r.Pauses
		sum.Late.Merge(r.Late)
	}
	if sum.Wall <= 0 || sum.Own == 0 {
		return
	}
	percent := func(d time.Duration) float64 { return 100 * float64(d) / float64(sum.Wall) }
	m[prefix+"cpu_percent"], m[prefix+"foreign_cpu_percent"] = percent(sum.Own), percent(sum.Foreign)
	m[prefix+"cpu_wait_percent"], m[prefix+"stolen_percent"] = percent(sum.Waited), percent(sum.Stolen)
	m[prefix+"throttled_percent"], m[prefix+"page_faults"] = percent(sum.Throttled), float64(sum.Faults)
	m[prefix+"gc_pause_ms"] = ms(sum.Pauses)
	m[prefix+"wake_delay_p99_ms"], m[prefix+"wake_delay_max_ms"] = ms(sum.Late.Quantile(0.99)), ms(sum.Late.Max)
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// Unstamped is the part of an error bar, in ms, that stamps of the kernel cannot take away: where a hypervisor took the CPUs,
// the kernel itself was late. With 99 of 100 moments it is not more.
func Unstamped(reports []Report) (bar float64) {
	for _, r := range reports {
		if stolen(r) {
			bar = max(bar, r.Bar())
		}
	}
	return bar
}
