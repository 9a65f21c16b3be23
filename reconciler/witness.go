package reconciler

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/url"
	"strconv"
	"syscall"
	"time"

	"assay/drivers"
	"assay/reconciler/each"
	"assay/reconciler/plan"
)

const (
	// silence is how long an agent is believed without a new heartbeat. A shared file system can show one late.
	silence = 10 * time.Second

	witnessTimeout = 2 * time.Second        // of asking all servers whose agents are silent
	witnessLeast   = 500 * time.Millisecond // what a listing leaves of a reader's time; a server that had less was not asked
)

// asked is what the servers of a silent agent said when they were asked.
type asked struct {
	at      time.Time
	doubts  map[string]string
	word    plan.Word
	answer  string        // the error that goes with Refuses and Unasked
	refused time.Duration // how long they have not answered
	report  uint64        // number of the report that said whom to ask; 0: there was none. It says nothing of another one
}

// witness asks the servers of silent agents themselves. What an agent wrote before it fell silent, or before anybody here
// read it twice, can be of any age: a process that it reports as Ready counts as Ready only if the server answers now.
func (l *Loop) witness(ctx context.Context, open []plan.Attempt, agents []plan.Agent, silent []int) {
	ctx, cancel := context.WithTimeout(ctx, witnessTimeout)
	defer cancel()
	now := l.steady()
	found := make([]asked, len(silent))
	each.Do(l.workers, len(silent), func(i int) {
		last, seen := l.witnesses[open[silent[i]].Nonce]
		if v := agents[silent[i]]; !seen || last.report != reportOf(v) || !(aged[asked]{last.at, last}).fresh(now) {
			last = l.ask(ctx, v).after(last, now)
		}
		found[i] = last
	})
	l.witnesses = make(map[string]asked, len(silent))
	for i, n := range silent {
		v := &agents[n]
		v.Doubts, v.Servers, v.Answer, v.RefusedFor = found[i].doubts, found[i].word, found[i].answer, found[i].refused
		l.witnesses[open[n].Nonce] = found[i]
	}
}

// after counts for how long there has been no answer. What could not be asked says nothing about that.
func (a asked) after(last asked, now time.Time) asked {
	a.at = now
	switch {
	case a.word == plan.Unasked:
		a.refused = last.refused
	case a.word == plan.Refuses && !last.at.IsZero() && last.word != plan.Answers:
		a.refused = last.refused + passed(last.at, now)
	}
	return a
}

// ask asks the servers of an agent: those with an address, since one of them that answers is enough to know that the job
// lives. Those that were Ready and do not answer speak against it. Where there is none, the agent's own port does if
// nobody listens there: an agent that is merely stopped still has the port.
func (l *Loop) ask(ctx context.Context, v plan.Agent) (out asked) {
	if out.report = reportOf(v); v.State == nil || v.State.End != nil {
		return out
	}
	began := false
	hear := func(word plan.Word, err error) {
		if out.word != plan.Answers && (out.word != plan.Unasked || word == plan.Answers) {
			out.word, out.answer = word, text(err)
		}
	}
	for _, p := range v.State.Processes {
		if p.Endpoint == "" && p.Phase != drivers.PhaseReady {
			continue
		}
		word, err := l.answers(ctx, v.Desired, p)
		switch {
		case err == nil:
			hear(plan.Answers, nil)
		case p.Phase == drivers.PhaseReady:
			if out.doubts == nil {
				out.doubts = map[string]string{}
			}
			out.doubts[p.Name] = err.Error()
			if p.Endpoint != "" {
				began = true
				hear(word, err)
			}
		}
	}
	if !began && out.word != plan.Answers {
		out.word, out.answer = l.listens(ctx, v)
	}
	return out
}

func reportOf(v plan.Agent) uint64 {
	if v.State == nil {
		return 0
	}
	return cmp.Or(v.State.Written, v.State.Heartbeat) // agents of older binaries do not number their reports
}

// listens asks whether somebody listens at the agent's own port. Only the refusal of a node that is up says that nobody does.
func (l *Loop) listens(ctx context.Context, v plan.Agent) (plan.Word, string) {
	for _, n := range v.State.Nodes {
		u, err := url.Parse(n.Metrics)
		if n.Name != v.State.Node || err != nil || u.Host == "" {
			continue
		}
		_, err = l.Probe(ctx, u.Scheme+"://"+u.Host, "", drivers.Probe{})
		switch {
		case err == nil:
			return plan.Answers, ""
		case errors.Is(err, syscall.ECONNREFUSED):
			return plan.Refuses, err.Error()
		}
		return plan.Unasked, err.Error()
	}
	return plan.Unasked, "it has no port"
}

// answers asks a server for all its probes now, at the address that its agent reported: nil when it passes them. Whether an
// error is the server's word or only says that it could not be asked is the other result.
func (l *Loop) answers(ctx context.Context, desired drivers.AgentDesired, p drivers.ProcessState) (plan.Word, error) {
	want := drivers.Process{}
	for _, d := range desired.Processes {
		if d.Name == p.Name {
			want = d
		}
	}
	u, err := url.Parse(p.Endpoint)
	if err != nil || u.Host == "" || len(want.Probes) == 0 {
		return plan.Unasked, errors.New("it has no address that can be probed")
	}
	began := time.Now()
	heard := false
	for _, one := range want.Probes {
		if one.Local {
			continue
		}
		heard = true
		base := *u
		if one.Port != "" {
			base.Host = net.JoinHostPort(u.Hostname(), strconv.Itoa(p.Ports[one.Port]))
		}
		// Without its key: the agent that reported the address is silent, and anybody can have the port by now.
		if _, err := l.Probe(ctx, base.String(), "", one); errors.Is(err, drivers.ErrUnauthorized) {
			return plan.Answers, nil
		} else if err != nil {
			if here(err) || ctx.Err() != nil && time.Since(began) < witnessLeast {
				return plan.Unasked, err
			}
			return plan.Refuses, err
		}
	}
	if !heard {
		return plan.Unasked, errors.New("only its own node can ask it")
	}
	return plan.Answers, nil
}

// here reports whether an error is about this host, and not about the server that was to be asked.
func here(err error) bool {
	if _, unresolved := errors.AsType[*net.DNSError](err); unresolved {
		return true
	}
	for _, e := range []error{syscall.ENETUNREACH, syscall.ENETDOWN, syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.EADDRNOTAVAIL} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
