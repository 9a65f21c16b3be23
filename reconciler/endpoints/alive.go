package endpoints

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"assay/drivers"
	"assay/reconciler/store"
)

const (
	beatWithin = 6 * drivers.BeatEvery // an agent that lives has given a sign of life by then
	beatLook   = 100 * time.Millisecond
)

// living keeps the endpoints that the agent of their job reports now, and whose agent gives a sign of life meanwhile. The others
// are named with the reason.
func living(ctx context.Context, st *store.Store, all []Endpoint) (out []Endpoint, stale []string) {
	why := map[string]string{} // by nonce; empty: its agent lives
	var mu sync.Mutex
	var asked sync.WaitGroup
	states := map[string]*drivers.AgentState{}
	for _, e := range all {
		if _, ok := why[e.nonce]; ok {
			continue
		}
		why[e.nonce] = "not looked at"
		asked.Go(func() {
			state, problem := alive(ctx, st, e)
			mu.Lock()
			defer mu.Unlock()
			states[e.nonce], why[e.nonce] = state, problem
		})
	}
	asked.Wait()
	for _, e := range all {
		problem := why[e.nonce]
		if problem == "" && !slices.ContainsFunc(states[e.nonce].Processes, func(p drivers.ProcessState) bool { return p.Endpoint == e.URL.String() }) {
			problem = "its agent reports this address no more; look again: assay get services"
		}
		if problem == "" {
			out = append(out, e)
			continue
		}
		stale = append(stale, fmt.Sprintf("%s/%s at %s is left out: %s", e.Experiment, e.Service, e.URL, problem))
	}
	return out, stale
}

// alive waits for a sign of life of the agent of an endpoint's job. It returns the agent's report, and why there is none.
func alive(ctx context.Context, st *store.Store, e Endpoint) (*drivers.AgentState, string) {
	seat, ok := drivers.ParseSeat(e.Seat)
	if !ok {
		return nil, "its seat " + e.Seat + " is no seat"
	}
	files := st.JobFiles(seat, e.nonce)
	first, err := files.State()
	for deadline := time.Now().Add(beatWithin); err == nil && first != nil; {
		now, err := files.State()
		switch {
		case err != nil:
			return nil, "what its agent reports cannot be read: " + err.Error()
		case now == nil:
			return nil, "its agent has not reported yet"
		case now.End != nil:
			return nil, strings.TrimSpace(fmt.Sprintf("its agent has ended: %s %s", now.End.Reason, now.End.Message))
		case now.Heartbeat != first.Heartbeat:
			return now, ""
		case time.Now().After(deadline) || ctx.Err() != nil:
			return nil, fmt.Sprintf("its agent has given no sign of life for %s, and may have ended; look: assay get jobs", beatWithin)
		}
		time.Sleep(beatLook)
	}
	if err != nil {
		return nil, "what its agent reports cannot be read: " + err.Error()
	}
	return nil, "its agent has not reported yet"
}
