package plan

import (
	"fmt"
	"slices"
	"time"

	"assay/drivers"
)

// Word is what one source says of a seat. The zero value means that it was not asked.
type Word string

// What a source can say.
const (
	Answers Word = "answers"
	Refuses Word = "does not answer"
	Unasked Word = "could not be asked"
)

// Sources of news about a seat.
const (
	heartbeats = iota
	probes
	prometheus
	sources
)

// testimony is what the sources say of a seat whose job the scheduler lists as running.
type testimony struct {
	heartbeat Word // Unasked: the files of the agent cannot be read
	long      bool // it has been silent for so long that it counts as a word against it
	servers   Word // the controller's own question: to the servers that were Ready, else to the agent's own port
	up        Word // Prometheus' of the servers
	began     bool // a server of it was reported as Ready
	late      bool // nothing of it was Ready within the time that the manifest gives it
	overdue   bool // it holds only a run, which the agent would have ended by now
	fault     [sources]cause
}

// hearing is the table of who says what and what follows; the first row that matches wins. A seat is given up only when two
// sources that do not depend on each other say so: the heartbeat comes through the file system, a server's answer through
// the network. The word of one source alone ends nothing, and so do words of a source that lost many seats at once. The
// scheduler is heard before: a job that it does not list as running is settle.go's. It cannot be the second witness for a
// running one: it keeps the job and its batch step as running when their supervisor is killed.
var hearing = []struct {
	when    string
	matches func(testimony) bool
	reason  Reason
	gone    bool
}{
	{"the agent is heard", func(t testimony) bool { return t.heartbeat == Answers }, "", false},
	{"its files cannot be read, which says nothing about it", func(t testimony) bool { return t.heartbeat == Unasked }, AgentUnreadable, false},
	{"it is silent, together with many", func(t testimony) bool { return t.fault[heartbeats].set() }, HeartbeatsAtFault, false},
	{"it is silent, and a server answers", func(t testimony) bool { return t.servers == Answers }, AgentSilent, false},
	{"it is silent, and Prometheus reaches a server", func(t testimony) bool { return t.up == Answers }, AgentSilent, false},
	{"it is silent, but not for long", func(t testimony) bool { return !t.long }, AgentSilent, false},
	{"it is silent, and many servers fell silent at once", func(t testimony) bool { return t.servers == Refuses && t.fault[probes].set() }, ProbesAtFault, false},
	{"it is silent, and its servers do not answer", func(t testimony) bool { return t.servers == Refuses && t.began }, AgentLost, true},
	{"it is silent, has no server to ask, and nobody listens at its own port", func(t testimony) bool { return t.servers == Refuses }, AgentLost, true},
	{"it is silent, and Prometheus lost many at once", func(t testimony) bool { return t.up == Refuses && t.fault[prometheus].set() }, PrometheusAtFault, false},
	{"it is silent, and Prometheus does not reach its servers", func(t testimony) bool { return t.up == Refuses && t.began }, AgentLost, true},
	{"it is silent, and the time to become Ready is over", func(t testimony) bool { return t.late }, ReadinessDeadline, true},
	{"it is silent for longer than the run in its job may take", func(t testimony) bool { return t.overdue }, AgentLost, true},
	{"it is silent, and nobody else knows", func(testimony) bool { return true }, AgentSilent, false},
}

// hear says what is the matter with the agent of a seat whose job runs, and whether the seat is given up because of it. No
// cause: it is heard.
func (w *world) hear(seat *seat) (because cause, gone bool) {
	if seat.agent.Err == "" && seat.agent.StillFor <= w.d.Policy.Stale {
		return cause{}, false // the first row, at no cost
	}
	t := w.testimony(seat)
	for _, row := range hearing {
		if row.matches(t) {
			return cause{row.reason, w.said(seat, t, row.reason)}, row.gone
		}
	}
	return cause{}, false
}

func (w *world) testimony(seat *seat) testimony {
	a, p := seat.agent, w.d.Policy
	t := testimony{heartbeat: Refuses, long: a.StillFor > p.lost(), servers: a.Servers, up: w.up(seat), late: w.late(seat), overdue: w.overdue(seat), fault: w.faults[seat.attempt.Nonce]}
	switch {
	case a.Err != "":
		t.heartbeat = Unasked
	case a.StillFor <= p.Stale:
		t.heartbeat = Answers
	}
	if t.servers == Refuses && a.RefusedFor <= p.Stale { // one lost packet is no word
		t.servers = Unasked
	}
	t.began = a.State != nil && slices.ContainsFunc(a.State.Processes, func(p drivers.ProcessState) bool { return p.Phase == drivers.PhaseReady && p.Endpoint != "" })
	return t
}

// lost is how long an agent is silent before that counts as a word against it.
func (p Policy) lost() time.Duration { return 3 * p.Stale }

// late reports whether nothing in a seat has ever been Ready, by what is known, within the longest time that its services give.
func (w *world) late(seat *seat) bool {
	within, known := w.d.Policy.lost(), seat.agent.StillFor
	alloc := w.allocationOf(seat.attempt)
	if alloc == nil {
		return false // overdue is for the job of a run
	}
	for _, s := range alloc.members {
		within = max(within, s.Within)
	}
	if st := seat.agent.State; st != nil {
		if everReady(st) || slices.ContainsFunc(st.Processes, func(p drivers.ProcessState) bool { return p.Phase != drivers.PhaseStarting }) {
			return false
		}
		for _, p := range st.Processes {
			known = max(known, seat.agent.StillFor+p.PhaseFor.Std())
		}
	}
	return known > within
}

// overdue reports whether the agent of a run's own job is silent for so long that it has ended the run, if it lives.
func (w *world) overdue(seat *seat) bool {
	x := w.byName[seat.id.Experiment]
	if seat.attempt.Run == "" || x == nil {
		return false
	}
	i := slices.IndexFunc(x.runs, func(r *Run) bool { return r.ID == seat.attempt.Run })
	return i >= 0 && seat.agent.StillFor > w.d.Policy.lost()+x.runs[i].Limit.Std()
}

// up is Prometheus' word of the servers in a seat. Of the nodes it only counts when they are up: an agent that is stopped
// serves no counters, and its servers can be well.
func (w *world) up(seat *seat) Word {
	if seat.agent.State == nil || w.o.Metrics.Err != "" {
		return Unasked
	}
	word, nonce := Unasked, seat.attempt.Nonce
	for _, p := range seat.agent.State.Processes {
		h, seen := w.o.Metrics.Targets[nonce+"/"+p.Name]
		switch {
		case seen && h.Up:
			return Answers
		case seen && w.o.Metrics.Down[nonce+"/"+p.Name] > w.d.Policy.Stale:
			word = Refuses
		}
	}
	for _, n := range seat.agent.State.Nodes {
		if word == Unasked && w.o.Metrics.Targets[nonce+"/node/"+n.Name].Up {
			return Answers
		}
	}
	return word
}

// said is the testimony as a sentence.
func (w *world) said(seat *seat, t testimony, reason Reason) string {
	a := seat.agent
	still := a.StillFor.Truncate(10 * time.Second) // what is written changes seldom
	if still > 5*time.Minute {
		still = still.Truncate(time.Minute)
	}
	out := fmt.Sprintf("no heartbeat from the agent of job %s for %s", seat.job.ID, still)
	switch {
	case t.heartbeat == Unasked:
		out = fmt.Sprintf("the files of the agent of job %s cannot be read (%s)", seat.job.ID, a.Err)
	case a.State == nil:
		out = fmt.Sprintf("the agent of job %s has not reported for %s", seat.job.ID, still)
	}
	asked := "its server"
	if !t.began {
		asked = "its port"
	}
	switch a.Servers {
	case Answers, Refuses, Unasked:
		out += fmt.Sprintf("; %s %s from here", asked, a.Servers)
	}
	if a.Servers != Answers && a.Answer != "" {
		out += ": " + a.Answer
	}
	switch t.up {
	case Answers:
		out += "; Prometheus reaches it"
	case Refuses:
		out += "; Prometheus does not reach it"
	}
	for _, fault := range t.fault {
		if fault.reason == reason {
			out += "; " + fault.message
		}
	}
	return out
}
