package reconciler

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	"assay/drivers"
	"assay/reconciler/plan"
)

const (
	// silence is how long an agent is believed without a new heartbeat. A shared file system can show one late.
	silence = 10 * time.Second

	witnessTimeout = 2 * time.Second        // of asking all servers whose agents are silent
	witnessLeast   = 500 * time.Millisecond // what a listing leaves of a reader's time
)

// witness asks the servers of silent agents themselves. What an agent wrote before it fell silent, or before anybody here
// read it twice, can be of any age: a process that it reports as Ready counts as Ready only if the server answers now.
func (l *Loop) witness(ctx context.Context, open []plan.Attempt, agents []plan.Agent, silent []int) {
	ctx, cancel := context.WithTimeout(ctx, witnessTimeout)
	defer cancel()
	now := l.Clock()
	found := make([]aged[map[string]string], len(silent))
	each(l.workers, len(silent), func(i int) {
		last, seen := l.witnesses[open[silent[i]].Nonce]
		if !seen || !last.fresh(now) {
			last = aged[map[string]string]{now, l.doubts(ctx, agents[silent[i]])}
		}
		found[i] = last
	})
	l.witnesses = make(map[string]aged[map[string]string], len(silent))
	for i, n := range silent {
		agents[n].Doubts, l.witnesses[open[n].Nonce] = found[i].value, found[i]
	}
}

// doubts are the processes that an agent reports as Ready and that do not answer, with what they answered.
func (l *Loop) doubts(ctx context.Context, v plan.Agent) map[string]string {
	if v.State == nil || v.State.End != nil {
		return nil
	}
	var out map[string]string
	for _, p := range v.State.Processes {
		if p.Phase != drivers.PhaseReady {
			continue
		}
		if err := l.answers(ctx, v.Desired, p); err != nil {
			if out == nil {
				out = map[string]string{}
			}
			out[p.Name] = err.Error()
		}
	}
	return out
}

// answers is nil when a server passes all its probes now, sent to the address that its agent reported.
func (l *Loop) answers(ctx context.Context, desired drivers.AgentDesired, p drivers.ProcessState) error {
	want := drivers.Process{}
	for _, d := range desired.Processes {
		if d.Name == p.Name {
			want = d
		}
	}
	u, err := url.Parse(p.Endpoint)
	if err != nil || u.Host == "" || len(want.Probes) == 0 {
		return fmt.Errorf("it has no address that can be probed")
	}
	token, err := drivers.ReadToken(want.Secrets[want.Token])
	if err != nil {
		return err
	}
	for _, one := range want.Probes {
		base := *u
		if one.Port != "" {
			base.Host = net.JoinHostPort(u.Hostname(), strconv.Itoa(p.Ports[one.Port]))
		}
		if _, err := l.Probe(ctx, base.String(), token, one); err != nil {
			return err
		}
	}
	return nil
}
