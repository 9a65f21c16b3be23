package view

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"assay/api/v1alpha1"
	"assay/reconciler/store"
)

// seen is the status of an experiment with one service, observed so long before now.
func seen(now time.Time, ago time.Duration, ready string, answered int64) v1alpha1.ExperimentStatus {
	cs := []v1alpha1.Condition{{Type: v1alpha1.Ready, Status: ready, Reason: "Test"}, {Type: v1alpha1.Stalled, Status: v1alpha1.False, Reason: "Test"}}
	return v1alpha1.ExperimentStatus{Name: "e", Generation: 1, Observed: now.Add(-ago), Answered: answered, Conditions: cs,
		Services: []v1alpha1.ServiceStatus{{Name: "s", Replicas: 1, Ready: 1, Conditions: cs, Seats: []v1alpha1.SeatStatus{{Ready: true}}}}}
}

// published is a store whose lease this process holds, or nobody does, with a status of that age.
func published(t *testing.T, alive bool, status v1alpha1.ExperimentStatus) (*store.Store, *store.Lease) {
	t.Helper()
	st, err := store.Open(t.TempDir(), store.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := st.Accept(store.Revision{Experiment: "e"}); err != nil {
		t.Fatal(err)
	}
	lease, err := st.Acquire(t.Context(), "controller", time.Second)
	if err == nil {
		err = lease.PutStatus(status)
	}
	if err == nil && !alive {
		err = lease.Release()
	}
	if err != nil {
		t.Fatal(err)
	}
	return st, lease
}

// TestWhoIsBelieved: a status counts while the controller that wrote it observes; otherwise the reader looks itself.
func TestWhoIsBelieved(t *testing.T) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		alive   bool
		ago     time.Duration
		observe error
		ready   string // of the service, as shown
		live    bool
		note    string
	}{
		"a controller observes":               {alive: true, ago: 6 * time.Second, ready: v1alpha1.True},
		"it is slow":                          {alive: true, ago: 12 * time.Second, ready: v1alpha1.True, note: "observed 12s ago by assay controller"},
		"it hangs":                            {alive: true, ago: 16 * time.Second, ready: v1alpha1.False, live: true},
		"its clock is a little ahead":         {alive: true, ago: -3 * time.Second, ready: v1alpha1.True},
		"its clock is far ahead":              {alive: true, ago: -time.Hour, ready: v1alpha1.False, live: true},
		"none holds the lease":                {ago: time.Second, ready: v1alpha1.False, live: true},
		"none does, and nothing is seen":      {ago: time.Minute, observe: errors.New("no squeue here"), ready: v1alpha1.Unknown, note: "no squeue here"},
		"it hangs, and nothing is seen":       {alive: true, ago: time.Minute, observe: errors.New("no squeue here"), ready: v1alpha1.Unknown, note: "60s ago"},
		"the state directory does not answer": {ago: time.Minute, observe: os.ErrDeadlineExceeded, ready: v1alpha1.Unknown, note: "could not be read within 2s"},
	} {
		t.Run(name, func(t *testing.T) {
			st, _ := published(t, c.alive, seen(now, c.ago, v1alpha1.True, 0))
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				r := Reader{Store: st, Clock: func() time.Time { return now }, Observe: func(context.Context) ([]v1alpha1.ExperimentStatus, error) {
					if errors.Is(c.observe, os.ErrDeadlineExceeded) {
						<-release
					}
					return []v1alpha1.ExperimentStatus{seen(now, 0, v1alpha1.False, 0)}, c.observe
				}}
				begun := time.Now()
				s, err := r.Read(t.Context())
				if took := time.Since(begun); err != nil || took > 2*time.Second {
					t.Fatalf("after %s: %v", took, err)
				}
				v := s.Statuses[0].Services[0]
				if ready := v1alpha1.Find(v.Conditions, v1alpha1.Ready).Status; ready != c.ready || s.Live != c.live {
					t.Errorf("Ready is %s, want %s; live %v, want %v", ready, c.ready, s.Live, c.live)
				}
				if c.ready == v1alpha1.Unknown && (v.Ready != 0 || v.Seats[0].Ready) {
					t.Errorf("nothing was observed, and %d replicas are ready", v.Ready)
				}
				if note := s.Note(); note != c.note && (c.note == "" || !strings.Contains(note, c.note)) {
					t.Errorf("note %q, want %q", note, c.note)
				}
				close(release)
			})
		})
	}
}

// TestAWaitingReaderBelievesWhatCameAfterIt: what a controller observed before the command began does not count, however
// new it is; its answer to the request does, and a controller that never answers is not waited for.
func TestAWaitingReaderBelievesWhatCameAfterIt(t *testing.T) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	st, lease := published(t, true, seen(now, 0, v1alpha1.True, 0))
	looks := 0
	r := Reader{Store: st, Clock: func() time.Time { return now }, Observe: func(context.Context) ([]v1alpha1.ExperimentStatus, error) {
		looks++
		return []v1alpha1.ExperimentStatus{seen(now, 0, v1alpha1.False, 0)}, nil
	}}
	fresh := func() (bool, string) {
		t.Helper()
		s, fresh, err := r.Fresh(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return fresh, v1alpha1.Find(s.Statuses[0].Conditions, v1alpha1.Ready).Status
	}
	put := func(answered int64) {
		t.Helper()
		if err := lease.PutStatus(seen(now, 0, v1alpha1.True, answered)); err != nil {
			t.Fatal(err)
		}
	}
	if ok, _ := fresh(); ok {
		t.Error("a status of before counts")
	}
	now = now.Add(20 * time.Second)
	put(0)
	if ok, _ := fresh(); ok {
		t.Error("a status that does not answer the request counts")
	}
	put(1)
	if ok, ready := fresh(); !ok || ready != v1alpha1.True || looks > 0 {
		t.Errorf("the answer counts: %v, Ready is %s, %d observations", ok, ready, looks)
	}
	put(0)
	now = now.Add(11 * time.Second)
	put(0)
	if ok, ready := fresh(); !ok || ready != v1alpha1.False || looks != 1 {
		t.Errorf("after 31 s without an answer: %v, Ready is %s, %d observations", ok, ready, looks)
	}
	if n, err := st.LastRequest(); n != 1 || err != nil {
		t.Errorf("%d requests, want 1 (%v)", n, err)
	}
}

// TestAnswersCoverEveryExperiment: an experiment that has no status yet has not answered.
func TestAnswersCoverEveryExperiment(t *testing.T) {
	s := Snapshot{Heads: map[string]store.Revision{"e": {}, "f": {}}, Statuses: []v1alpha1.ExperimentStatus{{Name: "e", Answered: 3}}}
	if s.answers(3) {
		t.Error("f has not answered")
	}
	s.Statuses = append(s.Statuses, v1alpha1.ExperimentStatus{Name: "f", Answered: 2})
	if s.answers(3) || !s.answers(2) {
		t.Error("f answered request 2")
	}
}

// TestWhatIsUnobservedKeepsItsPast: runs and verdicts stay as they are.
func TestWhatIsUnobservedKeepsItsPast(t *testing.T) {
	before := seen(time.Now(), 0, v1alpha1.True, 0)
	before.Runs = []v1alpha1.RunStatus{{ID: "r", Phase: v1alpha1.RunComplete}}
	kept, err := json.Marshal(before)
	if err != nil {
		t.Fatal(err)
	}
	after := unobserved(before, time.Now(), "why")
	if len(after.Runs) != 1 || v1alpha1.Find(after.Conditions, v1alpha1.Stalled).Status != v1alpha1.False {
		t.Errorf("%+v", after)
	}
	if now, err := json.Marshal(before); err != nil || string(now) != string(kept) {
		t.Errorf("the status that was handed in changed: %v\n%s\n%s", err, kept, now)
	}
}
