package reconciler

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/fake"
	"assay/reconciler/plan"
)

// fenced counts fences, and fails them while err is set.
type fenced struct {
	*fake.Cluster
	err   error
	asked map[drivers.JobID]int
}

func (f *fenced) Fence(ctx context.Context, id drivers.JobID, nonce string) error {
	f.asked[id]++
	if f.err != nil {
		return f.err
	}
	return f.Cluster.Fence(ctx, id, nonce)
}

// TestNoReplacementBesideALivingServer is finding C22: the node of a job is lost and its server may run on. As long as
// the fence fails the attempt stays open and nothing replaces it.
func TestNoReplacementBesideALivingServer(t *testing.T) {
	w := calm(t)
	w.settled(t)
	f := &fenced{w.cluster, errors.New("process 7 does not end"), map[drivers.JobID]int{}}
	w.loop.Scheduler = f
	lost, other := w.jobOf("llm"), w.jobOf("web")
	w.cluster.FailNode(lost.Nodes[0])
	w.until(t, "the fence is tried", func() bool { return f.asked[lost.ID] > 1 })
	if n := w.cluster.Submissions(lost.Tag.Seat); n != 1 {
		t.Errorf("its seat had %d submissions while the fence failed", n)
	}
	if e := w.event(t, "CloseFailed"); e.Type != "Warning" || e.Message != "process 7 does not end" || e.Object != "service/llm" {
		t.Errorf("the event is %+v", e)
	}
	if e := w.event(t, "SubmitFailed"); e.Reason != "" {
		t.Errorf("a replacement was tried: %+v", e)
	}
	f.err = nil
	w.until(t, "it is replaced", func() bool { return w.jobOf("llm").ID != "" && w.jobOf("llm").ID != lost.ID })
	if seat, n := w.cluster.MaxLive(); n != 1 {
		t.Errorf("seat %s had %d servers", seat, n)
	}
	// A job that ends by its own word needs no fence.
	w.cluster.Kill(other.ID)
	w.until(t, "the cancelled one is replaced", func() bool { return w.jobOf("web").ID != "" && w.jobOf("web").ID != other.ID })
	if f.asked[other.ID] != 0 {
		t.Errorf("a cancelled job was fenced %d times", f.asked[other.ID])
	}
}

// scheduler is what the controller under test has; some cannot fence.
func (v variant) scheduler(c *fake.Cluster, cannotFence bool) drivers.Scheduler {
	if !v.noFence && !cannotFence {
		return c
	}
	return struct {
		drivers.Scheduler
		drivers.Reconfigurer
		drivers.Accountant
	}{c, c, c}
}

// TestDataWaitsForTheAgentsWord: where nothing else can end a lost server, its agent is told to stop, and a service that owns
// data is replaced once the agent says that it did.
func TestDataWaitsForTheAgentsWord(t *testing.T) {
	w := calm(t)
	w.settled(t)
	w.loop.Scheduler = variant{}.scheduler(w.cluster, true)
	lost := w.jobOf("llm")
	w.cluster.FailNode(lost.Nodes[0])
	w.until(t, "the agent is told to stop", func() bool {
		d, err := w.store.ReadDesired(lost.Tag.Seat, lost.Tag.Nonce)
		return err == nil && d.Stop != ""
	})
	for range 5 {
		w.pass()
		w.cluster.Advance(w.step)
	}
	if n := w.cluster.Submissions(lost.Tag.Seat); n != 1 {
		t.Fatalf("its seat had %d submissions before the agent's word", n)
	}
	st, err := w.store.State(lost.Tag.Seat, lost.Tag.Nonce)
	if err != nil {
		t.Fatal(err)
	}
	st.End = &drivers.AgentEnd{Reason: drivers.EndStopped}
	if err := (durable.Writer{}).ReplaceRecord(filepath.Join(w.store.JobDir(lost.Tag.Seat, lost.Tag.Nonce), drivers.StateFile), *st, nil); err != nil {
		t.Fatal(err)
	}
	w.until(t, "it is replaced", func() bool { return w.jobOf("llm").ID != "" && w.jobOf("llm").ID != lost.ID })
	if e := w.event(t, string(plan.Acknowledged)); e.Object != "service/llm" {
		t.Errorf("the event is %+v", e)
	}
}
